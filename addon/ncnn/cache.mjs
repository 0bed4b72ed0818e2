import { createHash } from "node:crypto";
import os from "node:os";
import path from "node:path";
import { runCommand } from "../../scripts/setup/run-command.mjs";
import { OPTIONS_FINGERPRINT } from "./build-options.mjs";
import { NCNN_RELEASE } from "./release.mjs";

/** Where slow products are kept, outside the tree: survives a new clone. */
export function cacheRoot() {
  const base = process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache");
  return path.join(base, "bdreader-ncnn-upscaler");
}

/** @returns {string} the C++ compiler that builds ncnn and the addon */
export function cxxCompiler() {
  return process.env.CXX || "g++";
}

/**
 * Folder of the ncnn build for this release, these options and this compiler.
 *
 * @returns {Promise<string>} an absolute path; the folder exists only when that build was finished
 */
export async function cachedPrefix() {
  const compiler = await runCommand(cxxCompiler(), ["-dumpfullversion", "-dumpmachine"]);
  const flags = [process.env.CFLAGS, process.env.CXXFLAGS, process.env.LDFLAGS].join(" ");
  const key = createHash("sha256")
    .update([NCNN_RELEASE.sha256, OPTIONS_FINGERPRINT, cxxCompiler(), compiler, flags].join("\n"))
    .digest("hex")
    .slice(0, 16);
  return path.join(cacheRoot(), `ncnn-${NCNN_RELEASE.version}-${key}`);
}
