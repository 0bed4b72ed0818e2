import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { findExecutable } from "../../scripts/setup/find-executable.mjs";
import { runCommand } from "../../scripts/setup/run-command.mjs";

/**
 * Asks CMake for an ncnn that is installed on this machine; CMake's own variables (CMAKE_PREFIX_PATH, ncnn_DIR, ...) count.
 *
 * @returns {Promise<string | null>} folder of its ncnnConfig.cmake; null when none is found or CMake is not there
 * @throws {import("../../scripts/setup/run-command.mjs").CommandError} when an installed ncnn makes CMake fail
 */
export async function installedCmakeFolder() {
  if (!findExecutable("cmake")) return null;
  const buildDir = await mkdtemp(path.join(os.tmpdir(), "find-ncnn-"));
  try {
    const output = await runCommand("cmake", ["-S", path.join(import.meta.dirname, "find"), "-B", buildDir]);
    return /^-- ncnn_DIR=(.+)$/m.exec(output)?.[1] ?? null;
  } finally {
    await rm(buildDir, { recursive: true, force: true });
  }
}
