import { accessSync, constants, statSync } from "node:fs";
import path from "node:path";

/** @param {string} file @returns {boolean} */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * What a shell would start under this name.
 *
 * @param {string} command a name looked up on PATH, or a path
 * @param {string} [searchPath]
 * @returns {string | null} an absolute path
 */
export function findExecutable(command, searchPath = process.env.PATH ?? "") {
  if (command.includes("/")) return isExecutable(command) ? path.resolve(command) : null;
  const folders = searchPath.split(path.delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => path.resolve(folder, command)).find(isExecutable) ?? null;
}
