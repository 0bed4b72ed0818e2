import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";

/** @param {unknown} error @returns {boolean} */
function isAbsence(error) {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

/**
 * @param {string} folder
 * @param {RegExp} [pattern] tested on the path below `folder`
 * @returns {Promise<string[]>} absolute paths of the files below `folder`, sorted; none when it does not exist
 */
export async function filesBelow(folder, pattern = /./) {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .filter((file) => pattern.test(path.relative(folder, file)))
      .sort();
  } catch (error) {
    if (isAbsence(error)) return [];
    throw error;
  }
}

/**
 * @param {readonly string[]} values
 * @returns {string} a digest that differs when any value, their number or their order differs
 */
export function digest(values) {
  return createHash("sha256").update(JSON.stringify(values)).digest("hex");
}

/**
 * @param {readonly string[]} files
 * @returns {Promise<string>} digest of the files' names and contents; an absent file counts as such
 */
export async function contentDigest(files) {
  const contents = await Promise.all(
    files.map((file) =>
      readFile(file, "base64").catch((error) => {
        if (isAbsence(error)) return "absent";
        throw error;
      }),
    ),
  );
  return digest(files.flatMap((file, index) => [file, contents[index] ?? ""]));
}

/**
 * @param {readonly string[]} files
 * @returns {Promise<string | null>} digest of the files' names, sizes and times, without reading them; null when one of
 *   them is absent or when there are none
 */
export async function stateDigest(files) {
  if (files.length === 0) return null;
  try {
    const states = await Promise.all(files.map((file) => stat(file)));
    return digest(files.flatMap((file, index) => [file, `${states[index]?.size} ${states[index]?.mtimeMs}`]));
  } catch (error) {
    if (isAbsence(error)) return null;
    throw error;
  }
}
