import { readFile } from "node:fs/promises";

/**
 * Reads a file that a process of ours may have been killed while writing.
 *
 * @param {string} file
 * @returns {Promise<any>} null when it is absent or was cut off
 */
export async function readJsonIfWhole(file) {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    const isAbsent = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (error instanceof SyntaxError || isAbsent) return null;
    throw error;
  }
}
