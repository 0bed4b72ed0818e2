import { readFile } from "node:fs/promises";
import path from "node:path";
import { filesBelow } from "../setup/fingerprint.mjs";
import { ROOT } from "../setup/paths.mjs";

const ADDON = path.join(ROOT, "addon");

/** @param {string} text of a C++ file @returns {string[]} what it includes, as written */
const includesOf = (text) => [...text.matchAll(/^#include ["<]([^">]+)[">]/gm)].map(([, name = ""]) => name);

/** The addon's header whose functions exist only where there is a libwebp. */
const WEBP_HEADER = "webp_encoding.h";

/**
 * @param {string} file
 * @param {readonly string[]} headers
 * @param {Map<string, string>} texts of the addon's files, by path
 * @param {Set<string>} seen
 * @returns {boolean} whether the file includes one of these headers, by itself or through headers of the addon
 */
function needs(file, headers, texts, seen = new Set()) {
  if (seen.has(file)) return false;
  seen.add(file);
  return includesOf(texts.get(file) ?? "").some(
    (name) =>
      headers.includes(path.basename(name)) ||
      needs(path.join(path.dirname(file), name), headers, texts, seen),
  );
}

/**
 * @param {{ hasLibwebp: boolean }} machine
 * @returns {Promise<string[]>} absolute paths of what the native tests are made of: the addon's sources that do not know
 *   Node.js, and the tests themselves
 */
export async function nativeTestSources({ hasLibwebp }) {
  const absent = ["napi.h", ...(hasLibwebp ? [] : [WEBP_HEADER])];
  // Programs that libwebp's build runs are none of the addon's sources.
  const files = await filesBelow(ADDON, /^(?!libwebp\/).*\.(cc|h)$/);
  const texts = new Map(
    await Promise.all(files.map(async (file) => /** @type {const} */ ([file, await readFile(file, "utf8")]))),
  );
  return files.filter((file) => file.endsWith(".cc") && !needs(file, absent, texts));
}
