import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { cxxCompiler } from "../../addon/ncnn/cache.mjs";
import { recordedLibwebp } from "../setup/libwebp-step.mjs";
import { withLock } from "../setup/lock.mjs";
import { recordedNcnn } from "../setup/ncnn-step.mjs";
import { escaped, quoted } from "../setup/ninja-words.mjs";
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

/** @typedef {{ includeDir: string, libraries: readonly string[] }} Library */

/**
 * @param {readonly string[]} sources
 * @param {{ ncnn: Library, libwebp: Library | null }} libraries
 * @param {Sanitizer} sanitizer
 * @returns {string} a ninja file
 */
function ninjaFile(sources, { ncnn, libwebp }, sanitizer) {
  const flags = [...COMMON_FLAGS, ...SANITIZER_FLAGS[sanitizer]];
  const linked = [...ncnn.libraries, ...(libwebp?.libraries ?? [])];
  const archives = linked.filter((item) => path.isAbsolute(item));
  // As in binding.gyp: -isystem must not name a folder of the system's own, where an installed libwebp may be.
  const includes = [
    `-isystem ${quoted(ncnn.includeDir)}`,
    ...(libwebp ? [`-I ${quoted(libwebp.includeDir)}`] : []),
  ];
  const objects = sources.map((source) => `${path.relative(ROOT, source)}.o`);
  return `${[
    `cxx = ${quoted(cxxCompiler())}`,
    `flags = ${flags.join(" ")}`,
    "rule compile",
    "  description = compiling $in",
    `  command = $cxx $flags ${includes.join(" ")} -MMD -MF $out.d -c $in -o $out`,
    "  depfile = $out.d",
    "  deps = gcc",
    "rule link",
    "  description = linking $out",
    `  command = $cxx $flags $in -o $out ${linked.map(quoted).join(" ")}`,
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
  const [ncnn, libwebp] = await Promise.all([recordedNcnn(), recordedLibwebp()]);
  if (!ncnn) throw new Error(`expected ${NCNN_RECORD} to say where ncnn is: run npm run setup`);
  const folder = path.join(BUILD_DIR, sanitizer);
  await mkdir(folder, { recursive: true });
  const silently = { onWait: () => undefined, onUnlocked: () => undefined };
  await withLock(path.join(folder, "lock"), silently, async () => {
    const sources = await nativeTestSources({ hasLibwebp: libwebp !== null });
    const text = ninjaFile(sources, { ncnn, libwebp }, sanitizer);
    await writeIfChanged(path.join(folder, "build.ninja"), text);
    await runCommand("ninja", ["-C", folder, "-k", "0", "native-tests"]);
  });
  return path.join(folder, "native-tests");
}
