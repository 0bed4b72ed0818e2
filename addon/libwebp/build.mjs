import { cp, mkdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { leftoversOf } from "../../scripts/setup/ensure-built.mjs";
import { CommandError, runCommand } from "../../scripts/setup/run-command.mjs";
import { CRATE_DIR } from "./cache.mjs";
import { compilePlainly } from "./compile.mjs";
import { LIBWEBP_RELEASE } from "./release.mjs";
import { compileTrained } from "./train.mjs";

/**
 * Cargo fetches what Cargo.lock names and refuses what has another checksum.
 *
 * @param {string} workDir
 * @returns {Promise<string>} folder of libwebp's sources
 */
async function fetchSources(workDir) {
  const crate = path.join(workDir, "crate");
  await cp(CRATE_DIR, crate, { recursive: true });
  // A package without any code is none to Cargo.
  await mkdir(path.join(crate, "src"), { recursive: true });
  await writeFile(path.join(crate, "src/lib.rs"), "");
  await runCommand("cargo", ["vendor", "--quiet", "--locked", "--versioned-dirs", "vendor"], { cwd: crate });
  return path.join(crate, "vendor", LIBWEBP_RELEASE.crate, "vendor");
}

/**
 * @param {string} sources
 * @param {string} workDir
 * @param {(reason: CommandError) => void} onUntrained
 * @returns {Promise<string>} path of the library
 */
async function compile(sources, workDir, onUntrained) {
  const folderNamed = async (/** @type {string} */ name) => {
    const folder = path.join(workDir, name);
    await mkdir(folder);
    return folder;
  };
  try {
    return await compileTrained(sources, await folderNamed("trained"));
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const library = await compilePlainly(sources, await folderNamed("plain"));
    // Sources that compile in neither way are another fault, which is the one to be told then.
    onUntrained(error);
    return library;
  }
}

/**
 * Builds libwebp's encoder and moves the finished installation to `prefix` in one rename, so that `prefix` is either whole
 * or absent. The caller holds the lock of `prefix`.
 *
 * @param {string} prefix
 * @param {(reason: CommandError) => void} onUntrained the compiler could not optimise it by what encoding a page was seen to do
 * @throws {import("../../scripts/setup/run-command.mjs").CommandError}
 */
export async function buildLibwebp(prefix, onUntrained) {
  const [workDir, installed] = leftoversOf(prefix);
  await Promise.all([workDir, installed].map((folder) => rm(folder, { recursive: true, force: true })));
  const sources = await fetchSources(workDir);
  const library = await compile(sources, workDir, onUntrained);
  await cp(path.join(sources, "src/webp"), path.join(installed, "include/webp"), { recursive: true });
  await cp(library, path.join(installed, "lib/libwebp.a"));
  // The licence asks for this wherever the library goes.
  for (const name of ["COPYING", "PATENTS"]) await cp(path.join(sources, name), path.join(installed, name));
  await rename(installed, prefix);
  await rm(workDir, { recursive: true, force: true });
}
