import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { cxxCompiler } from "../../addon/ncnn/cache.mjs";
import { contentDigest, digest, filesBelow, stateDigest } from "./fingerprint.mjs";
import { filesOfLibwebp, recordedLibwebp } from "./libwebp-step.mjs";
import { filesOf, recordedNcnn } from "./ncnn-step.mjs";
import { ROOT } from "./paths.mjs";
import { CommandError, runCommand } from "./run-command.mjs";
import { SetupError } from "./setup-error.mjs";

const BUILD_DIR = path.join(ROOT, "build");

/** Says which compiler, Node.js and libraries the objects in BUILD_DIR belong to. */
const TOOLCHAIN_FILE = path.join(BUILD_DIR, "toolchain.digest");

/** What node-gyp writes build files for: ninja is there anyway for ncnn, make need not be. */
const GENERATOR = "ninja";

const COMPILER_VARIABLES = ["CC", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "npm_config_nodedir"];

/**
 * The headers that came with this Node.js, which spare node-gyp a download.
 *
 * @returns {Promise<string | null>} a value for --nodedir; null when there are none or they are of another version
 */
async function ownHeaders() {
  const prefix = path.resolve(process.execPath, "../..");
  const header = path.join(prefix, "include/node/node_version.h");
  if (!existsSync(header)) return null;
  const text = await readFile(header, "utf8");
  const numbers = ["MAJOR", "MINOR", "PATCH"].map(
    (part) => new RegExp(`define NODE_${part}_VERSION (\\d+)`).exec(text)?.[1],
  );
  return numbers.join(".") === process.versions.node ? prefix : null;
}

/**
 * @param {{ includeDir: string, libraries: string[] } | null} library
 * @param {readonly string[]} files that tell whether it is still the same
 * @returns {Promise<string>}
 */
async function libraryDigest(library, files) {
  if (!library) return "none";
  return digest([library.includeDir, ...library.libraries, (await stateDigest(files)) ?? "absent"]);
}

/** @returns {Promise<string>} digest of everything but the project's own sources */
async function toolchainDigest() {
  const [ncnn, libwebp] = await Promise.all([recordedNcnn(), recordedLibwebp()]);
  return digest([
    GENERATOR,
    process.version,
    process.arch,
    cxxCompiler(),
    await runCommand(cxxCompiler(), ["-dumpfullversion", "-dumpmachine"]),
    ...COMPILER_VARIABLES.map((name) => process.env[name] ?? ""),
    await contentDigest([path.join(ROOT, "node_modules/node-addon-api/package.json")]),
    await libraryDigest(ncnn, ncnn ? filesOf(ncnn) : []),
    await libraryDigest(libwebp, libwebp ? filesOfLibwebp(libwebp) : []),
  ]);
}

/** @returns {Promise<string>} */
async function inputs() {
  const sources = await filesBelow(path.join(ROOT, "addon"), /^(?!ncnn\/|libwebp\/|test\/)/);
  return digest([await contentDigest([path.join(ROOT, "binding.gyp"), ...sources]), await toolchainDigest()]);
}

/** ninja sees changed sources and flags by itself, but not a library that was replaced under the same name. */
async function removeForeignObjects() {
  const toolchain = await toolchainDigest();
  const built = existsSync(TOOLCHAIN_FILE) ? await readFile(TOOLCHAIN_FILE, "utf8") : "";
  if (built === toolchain) return;
  await rm(BUILD_DIR, { recursive: true, force: true });
  await mkdir(BUILD_DIR, { recursive: true });
  await writeFile(TOOLCHAIN_FILE, toolchain);
}

/** @param {string} output of node-gyp or ninja @returns {string} without their own account of themselves */
function compilerOutput(output) {
  const lines = output.split("\n").filter((line) => !/^gyp (info|verb|ERR!)|^\[\d+\/\d+\] /.test(line));
  return lines.join("\n").trim() || output.trim();
}

/** @param {import("./reporter.mjs").Reporter} reporter @returns {import("./step.mjs").Step} */
export function addonStep(reporter) {
  return {
    name: "addon",
    inputs,
    products: async () => stateDigest(await filesBelow(path.join(BUILD_DIR, "Release"), /^[^/]+\.node$/)),
    run: async () => {
      reporter.start("addon", "compiling");
      await removeForeignObjects();
      const headers = process.env.npm_config_nodedir ? null : await ownHeaders();
      const nodeGyp = path.join(ROOT, "node_modules/node-gyp/bin/node-gyp.js");
      const options = ["--release", ...(headers ? [`--nodedir=${headers}`] : []), "--", "-f", GENERATOR];
      try {
        await runCommand(process.execPath, [nodeGyp, "configure", ...options], { cwd: ROOT });
        await runCommand("ninja", ["-C", path.join(BUILD_DIR, "Release")], { cwd: ROOT });
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        throw new SetupError(`the addon does not compile:\n${compilerOutput(error.output)}`);
      }
      reporter.done();
    },
  };
}
