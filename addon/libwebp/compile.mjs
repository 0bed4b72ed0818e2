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

/** What every object file is compiled with. */
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

/** Without what an archive of the same name held before. */
export const ARCHIVE_RULE = ["rule archive", "  command = rm -f $out && ar rcs $out $in"];

/**
 * @param {string} sources folder that holds libwebp's `src` and `sharpyuv`
 * @param {readonly string[]} flags beside those of every build
 * @returns {Promise<{ lines: string[], objects: string }>} lines of a ninja file that compile libwebp's encoder, and
 *   what they make
 */
export async function compiling(sources, flags) {
  const files = (
    await Promise.all(FOLDERS.map((folder) => filesBelow(path.join(sources, folder), /\.c$/)))
  ).flat();
  const outputs = files.map((file) => escaped(`${path.relative(sources, file)}.o`));
  const lines = [
    "rule compile",
    `  command = ${quoted(cxxCompiler())} -I ${quoted(sources)} $flags -c $in -o $out`,
    ...files.flatMap((file, index) => [
      `build ${outputs[index] ?? ""}: compile ${escaped(file)}`,
      `  flags = ${[...flagsFor(file), ...flags].join(" ")}`,
    ]),
  ];
  return { lines, objects: outputs.join(" ") };
}

/**
 * @param {string} folder where ninja works
 * @param {readonly string[]} lines of the ninja file
 * @param {string} product below the folder
 * @returns {Promise<string>} the product's path
 * @throws {import("../../scripts/setup/run-command.mjs").CommandError}
 */
export async function make(folder, lines, product) {
  await writeFile(path.join(folder, "build.ninja"), `${lines.join("\n")}\n`);
  await runCommand("ninja", ["-C", folder, product]);
  return path.join(folder, product);
}

/**
 * Compiles libwebp's encoder into a static library, file by file.
 *
 * @param {string} sources
 * @param {string} folder for what the compiler makes
 * @returns {Promise<string>} path of the library
 * @throws {import("../../scripts/setup/run-command.mjs").CommandError}
 */
export async function compilePlainly(sources, folder) {
  const { lines, objects } = await compiling(sources, []);
  return make(folder, [...ARCHIVE_RULE, ...lines, `build libwebp.a: archive ${objects}`], "libwebp.a");
}
