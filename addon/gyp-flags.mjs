// Called by binding.gyp: prints where a library that the set-up found lies, in the form that gyp's `<!@(...)` splits.
import { readFileSync } from "node:fs";
import { LIBWEBP_RECORD, NCNN_RECORD } from "../scripts/setup/paths.mjs";

const RECORDS = new Map([
  ["ncnn", NCNN_RECORD],
  ["libwebp", LIBWEBP_RECORD],
]);

/** @typedef {{ includeDir: string, libraries: string[] }} Installation */

/** What can be printed of a library; `null` stands for one that is not there. @type {Record<string, (found: Installation | null) => string[] | null>} */
const PRINTABLE = {
  include_dirs: (found) => found && [found.includeDir],
  libraries: (found) => found?.libraries ?? null,
  is_there: (found) => [found ? "yes" : "no"],
};

/** @param {string} text @returns {string} */
const quoted = (text) => (/^[\w./:=,+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** @param {string} record @returns {Installation | null} */
function readRecord(record) {
  try {
    return JSON.parse(readFileSync(record, "utf8"));
  } catch {
    return null;
  }
}

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(message);
  process.exit(1);
}

/** @param {Iterable<string>} names @param {string} received */
const failAbout = (names, received) =>
  fail(`expected one of ${[...names].join(", ")}, received '${received}'`);

const [library = "", what = ""] = process.argv.slice(2);
const record = RECORDS.get(library) ?? failAbout(RECORDS.keys(), library);
const print = PRINTABLE[what] ?? failAbout(Object.keys(PRINTABLE), what);
const flags =
  print(readRecord(record)) ??
  fail(`expected ${record} to say where ${library} is, found no such record: run npm run setup`);
console.log(flags.map(quoted).join(" "));
