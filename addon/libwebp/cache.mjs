import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { runCommand } from "../../scripts/setup/run-command.mjs";
import { cacheRoot, cxxCompiler } from "../ncnn/cache.mjs";
import { COMPILER_FLAGS } from "./compile.mjs";
import { LIBWEBP_RELEASE } from "./release.mjs";
import { TRAINED_FLAGS, TRAINING_FILES } from "./train.mjs";

/** Holds Cargo.toml and Cargo.lock, by which the sources are fetched. */
export const CRATE_DIR = path.join(import.meta.dirname, "crate");

/**
 * Folder of the libwebp build for this release, these options and this compiler.
 *
 * @returns {Promise<string>} an absolute path; the folder exists only when that build was finished
 */
export async function cachedPrefix() {
  const compiler = await runCommand(cxxCompiler(), ["-dumpfullversion", "-dumpmachine"]);
  const lock = await readFile(path.join(CRATE_DIR, "Cargo.lock"), "utf8");
  const training = await Promise.all(TRAINING_FILES.map((file) => readFile(file, "base64")));
  const key = createHash("sha256")
    .update(JSON.stringify([lock, COMPILER_FLAGS, TRAINED_FLAGS, training, cxxCompiler(), compiler]))
    .digest("hex")
    .slice(0, 16);
  return path.join(cacheRoot(), `libwebp-${LIBWEBP_RELEASE.version}-${key}`);
}
