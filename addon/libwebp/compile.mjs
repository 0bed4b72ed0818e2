import { writeFile } from "node:fs/promises";
import path from "node:path";
import { filesBelow } from "../../scripts/setup/fingerprint.mjs";
import { escaped, quoted } from "../../scripts/setup/ninja-words.mjs";
import { runCommand } from "../../scripts/setup/run-command.mjs";
import { cxxCompiler } from "../ncnn/cache.mjs";

/** What encoding is made of. */
const FOLDERS = ["src/enc", "src/dsp", "src/utils", "sharpyuv"];

/** Instructions beyond the processor family's least, by the ending of the files that hold them; chosen at run time. */
const EXTENSIONS =
  process.arch === "x64"
    ? [
        { ending: "_sse41.c", flag: "-msse4.1", define: "-DWEBP_HAVE_SSE41" },
        { ending: "_avx2.c", flag: "-mavx2", define: "-DWEBP_HAVE_AVX2" },
      ]
    : [];

/** Everything that changes the built library beside the compiler and the sources; part of the cache key. */
export const COMPILER_FLAGS = [
  // The C++ compiler knows C as well: no further program is needed.
  ...["-x", "c", "-O3", "-fPIC", "-DNDEBUG", "-DWEBP_USE_THREAD"],
  // sharp brings a libwebp of its own into the process: the two must not see each other.
  ...["-fvisibility=hidden", "-DWEBP_EXTERN=extern"],
  ...EXTENSIONS.flatMap(({ flag, define }) => [flag, define]),
];

/** @param {string} file @returns {string[]} */
function flagsFor(file) {
  const special = EXTENSIONS.map(({ flag }) => flag);
  const allowed = EXTENSIONS.filter(({ ending }) => file.endsWith(ending)).map(({ flag }) => flag);
  return COMPILER_FLAGS.filter((flag) => !special.includes(flag) || allowed.includes(flag));
}

/**
 * Compiles libwebp's encoder into a static library.
 *
 * @param {string} sources folder that holds libwebp's `src` and `sharpyuv`
 * @param {string} objects folder for what the compiler makes
 * @returns {Promise<string>} path of the library
 * @throws {import("../../scripts/setup/run-command.mjs").CommandError}
 */
export async function compileLibwebp(sources, objects) {
  const files = (
    await Promise.all(FOLDERS.map((folder) => filesBelow(path.join(sources, folder), /\.c$/)))
  ).flat();
  const outputs = files.map((file) => `${path.relative(sources, file)}.o`);
  const text = [
    "rule compile",
    `  command = ${quoted(cxxCompiler())} -I ${quoted(sources)} $flags -c $in -o $out`,
    "rule archive",
    // Without what an archive of the same name held before.
    "  command = rm -f $out && ar rcs $out $in",
    ...files.flatMap((file, index) => [
      `build ${escaped(outputs[index] ?? "")}: compile ${escaped(file)}`,
      `  flags = ${flagsFor(file).join(" ")}`,
    ]),
    `build libwebp.a: archive ${outputs.map(escaped).join(" ")}`,
  ].join("\n");
  await writeFile(path.join(objects, "build.ninja"), `${text}\n`);
  await runCommand("ninja", ["-C", objects, "libwebp.a"]);
  return path.join(objects, "libwebp.a");
}
