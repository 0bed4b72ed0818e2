// Called by binding.gyp: prints where the ncnn that the set-up found lies, in the form that gyp's `<!@(...)` splits.
import { readFileSync } from "node:fs";
import { NCNN_RECORD } from "../../scripts/setup/paths.mjs";

/** @typedef {import("./inspect.mjs").NcnnInstallation} NcnnInstallation */

/** @type {Record<string, (ncnn: NcnnInstallation) => string[]>} */
const PRINTABLE = {
  include_dirs: (ncnn) => [ncnn.includeDir],
  libraries: (ncnn) => ncnn.libraries,
};

/** @param {string} text @returns {string} */
const quoted = (text) => (/^[\w./:=,+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** @returns {NcnnInstallation | null} */
function readRecord() {
  try {
    return JSON.parse(readFileSync(NCNN_RECORD, "utf8"));
  } catch {
    return null;
  }
}

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(message);
  process.exit(1);
}

const [what = ""] = process.argv.slice(2);
const print =
  PRINTABLE[what] ?? fail(`expected one of ${Object.keys(PRINTABLE).join(", ")}, received '${what}'`);
const ncnn =
  readRecord() ??
  fail(`expected ${NCNN_RECORD} to say where ncnn is, found no such record: run npm run setup`);
console.log(print(ncnn).map(quoted).join(" "));
