import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { leftoversOf } from "../../scripts/setup/ensure-built.mjs";
import { runCommand } from "../../scripts/setup/run-command.mjs";
import { cmakeDefinitions } from "./build-options.mjs";
import { cxxCompiler } from "./cache.mjs";
import { NCNN_RELEASE } from "./release.mjs";

/** The download tool and its version; it lives in a throw-away environment that is removed after the download. */
const DOWNLOADER = "pypi-simple==1.8.0";

/** @param {string} workDir @returns {Promise<string>} folder of the unpacked sources */
async function fetchSources(workDir) {
  const archive = path.join(workDir, NCNN_RELEASE.sdist);
  const sources = path.join(workDir, NCNN_RELEASE.sdist.replace(/\.tar\.gz$/, ""));
  if (existsSync(path.join(workDir, "fetched"))) return sources;
  const venv = path.join(workDir, "venv");
  await rm(venv, { recursive: true, force: true });
  await runCommand("python3", ["-m", "venv", venv]);
  const python = path.join(venv, "bin", "python");
  await runCommand(python, ["-m", "pip", "install", "--quiet", DOWNLOADER]);
  const script = path.join(import.meta.dirname, "fetch_sdist.py");
  await runCommand(python, [script, NCNN_RELEASE.project, NCNN_RELEASE.sdist, NCNN_RELEASE.sha256, archive]);
  await rm(sources, { recursive: true, force: true });
  await runCommand("tar", ["-xzf", archive, "-C", workDir]);
  await Promise.all([rm(venv, { recursive: true }), rm(archive)]);
  await mkdir(path.join(workDir, "fetched"));
  return sources;
}

/**
 * @param {string} sources
 * @param {string} objects build folder
 */
async function configure(sources, objects) {
  const definitions = cmakeDefinitions(await readFile(path.join(sources, "src", "CMakeLists.txt"), "utf8"));
  const compilers = [`-DCMAKE_CXX_COMPILER=${cxxCompiler()}`];
  if (process.env.CC) compilers.push(`-DCMAKE_C_COMPILER=${process.env.CC}`);
  const finished = path.join(objects, "configured");
  // What CMake left half written it would take for its own findings.
  if (!existsSync(finished)) await rm(objects, { recursive: true, force: true });
  await runCommand("cmake", ["-G", "Ninja", "-S", sources, "-B", objects, ...compilers, ...definitions]);
  await mkdir(finished, { recursive: true });
}

/**
 * Builds ncnn from its sdist and moves the finished installation to `prefix` in one rename, so that `prefix` is either
 * whole or absent. A build that was cut off continues from what was compiled. The caller holds the lock of `prefix`.
 *
 * @param {string} prefix
 * @param {(progress: { step: string, done: number, total: number }) => void} report
 * @throws {import("../../scripts/setup/run-command.mjs").CommandError}
 */
export async function buildNcnn(prefix, report) {
  const [workDir, installed] = leftoversOf(prefix);
  await mkdir(workDir, { recursive: true });
  report({ step: `downloading ${NCNN_RELEASE.sdist}`, done: 0, total: 1 });
  const sources = await fetchSources(workDir);
  const objects = path.join(workDir, "objects");
  report({ step: "configuring", done: 0, total: 1 });
  await configure(sources, objects);
  await runCommand("cmake", ["--build", objects], {
    onLine: (line) => {
      const match = /^\[(\d+)\/(\d+)\]/.exec(line);
      if (match) report({ step: "compiling", done: Number(match[1]), total: Number(match[2]) });
    },
  });
  await rm(installed, { recursive: true, force: true });
  await runCommand("cmake", ["--install", objects, "--prefix", installed]);
  await rename(installed, prefix);
  await rm(workDir, { recursive: true, force: true });
}
