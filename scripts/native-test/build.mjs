import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { cxxCompiler } from "../../addon/ncnn/cache.mjs";
import { withLock } from "../setup/lock.mjs";
import { recordedNcnn } from "../setup/ncnn-step.mjs";
import { NCNN_RECORD, ROOT } from "../setup/paths.mjs";
import { runCommand } from "../setup/run-command.mjs";
import { nativeTestSources } from "./sources.mjs";

/** @typedef {"address" | "thread" | "none"} Sanitizer address: undefined behaviour and leaks, too */

const BUILD_DIR = path.join(ROOT, "build/native-test");

/** Those of binding.gyp, and assertions of the standard library. */
const COMMON_FLAGS = [
  "-std=c++17",
  ...["-Wall", "-Wextra", "-Wpedantic", "-Wunused-parameter", "-Wconversion", "-Wshadow", "-Werror"],
  ...["-fvisibility=hidden", "-fopenmp", "-g"],
  "-D_GLIBCXX_ASSERTIONS",
];

/** @type {Record<Sanitizer, readonly string[]>} */
export const SANITIZER_FLAGS = {
  address: [
    "-O1",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
    // Whole stacks in reports.
    "-fno-omit-frame-pointer",
  ],
  thread: ["-O1", "-fsanitize=thread"],
  none: ["-O2"],
};

/** @param {string} text @returns {string} as a path or a word of a ninja file */
const escaped = (text) => text.replace(/[$ :]/g, "$$$&");

/** @param {string} text @returns {string} as one word of a shell's command line, inside a ninja file */
const quoted = (text) => `'${text.replaceAll("'", `'\\''`).replaceAll("$", "$$$$")}'`;

/**
 * @param {readonly string[]} sources
 * @param {{ includeDir: string, libraries: readonly string[] }} ncnn
 * @param {Sanitizer} sanitizer
 * @returns {string} a ninja file
 */
function ninjaFile(sources, ncnn, sanitizer) {
  const flags = [...COMMON_FLAGS, ...SANITIZER_FLAGS[sanitizer]];
  const archives = ncnn.libraries.filter((item) => path.isAbsolute(item));
  const objects = sources.map((source) => `${path.relative(ROOT, source)}.o`);
  return `${[
    `cxx = ${quoted(cxxCompiler())}`,
    `flags = ${flags.join(" ")}`,
    "rule compile",
    "  description = compiling $in",
    `  command = $cxx $flags -isystem ${quoted(ncnn.includeDir)} -MMD -MF $out.d -c $in -o $out`,
    "  depfile = $out.d",
    "  deps = gcc",
    "rule link",
    "  description = linking $out",
    `  command = $cxx $flags $in -o $out ${ncnn.libraries.map(quoted).join(" ")}`,
    ...sources.map((source, i) => `build ${escaped(objects[i] ?? "")}: compile ${escaped(source)}`),
    `build native-tests: link ${objects.map(escaped).join(" ")} | ${archives.map(escaped).join(" ")}`,
  ].join("\n")}\n`;
}

/** ninja builds anew what an older file of its own said otherwise; an equal one is left alone. */
async function writeIfChanged(/** @type {string} */ file, /** @type {string} */ text) {
  const old = await readFile(file, "utf8").catch(() => null);
  if (old !== text) await writeFile(file, text);
}

/**
 * Builds the native tests, as far as sources, flags or ncnn have changed.
 *
 * @param {Sanitizer} sanitizer
 * @returns {Promise<string>} path of the program
 * @throws {import("../setup/run-command.mjs").CommandError} with the compiler's complaints
 */
export async function buildNativeTests(sanitizer) {
  const ncnn = await recordedNcnn();
  if (!ncnn) throw new Error(`expected ${NCNN_RECORD} to say where ncnn is: run npm run setup`);
  const folder = path.join(BUILD_DIR, sanitizer);
  await mkdir(folder, { recursive: true });
  const silently = { onWait: () => undefined, onUnlocked: () => undefined };
  await withLock(path.join(folder, "lock"), silently, async () => {
    const text = ninjaFile(await nativeTestSources(), ncnn, sanitizer);
    await writeIfChanged(path.join(folder, "build.ninja"), text);
    await runCommand("ninja", ["-C", folder, "-k", "0", "native-tests"]);
  });
  return path.join(folder, "native-tests");
}
