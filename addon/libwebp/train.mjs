import { writeFile } from "node:fs/promises";
import path from "node:path";
import { quoted } from "../../scripts/setup/ninja-words.mjs";
import { ROOT } from "../../scripts/setup/paths.mjs";
import { runCommand } from "../../scripts/setup/run-command.mjs";
import { cxxCompiler } from "../ncnn/cache.mjs";
import { ARCHIVE_RULE, compiling, make } from "./compile.mjs";

/** Encodes the page while the compiler's counters run. */
const TRAINER = path.join(import.meta.dirname, "train.cc");
const TRAINING_PAGE = path.join(ROOT, "assets/sample-page/page.jpg");

/** What decides what is counted. */
export const TRAINING_FILES = [TRAINER, TRAINING_PAGE];

const COUNTING = ["-fprofile-generate"];

/** GCC's options. What the training never reached is compiled for speed all the same: transparency, no loss. */
export const TRAINED_FLAGS = ["-flto", "-fprofile-use", "-fprofile-partial-training"];

/** Makes one object file of the machine's code, so that whoever links it need not know how it was compiled. */
const MERGING_FLAGS = ["-r", "-nostdlib", "-O3", "-fPIC", "-flto=auto", "-flinker-output=nolto-rel"];

/** @param {string} folder @returns {Promise<string[]>} arguments of the trainer */
async function trainingPage(folder) {
  // Installed by the set-up itself, in a step before.
  const { default: sharp } = await import("sharp");
  const { data, info } = await sharp(TRAINING_PAGE).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const file = path.join(folder, "page.rgb");
  await writeFile(file, data);
  return [file, String(info.width), String(info.height)];
}

/**
 * Compiles libwebp's encoder as one whole, optimised by what encoding a page was seen to do: GCC compiles it with
 * counters, the trainer is run, and GCC compiles it again. The sources are the released ones; so are the files that are
 * written.
 *
 * @param {string} sources
 * @param {string} folder for what the compiler makes
 * @returns {Promise<string>} path of the library
 * @throws {import("../../scripts/setup/run-command.mjs").CommandError} also where the compiler knows none of this
 */
export async function compileTrained(sources, folder) {
  const compiler = quoted(cxxCompiler());
  const include = `-I ${quoted(path.join(sources, "src"))}`;
  const counted = await compiling(sources, COUNTING);
  const linking = [
    "rule link",
    `  command = ${compiler} ${COUNTING.join(" ")} ${include} ${quoted(TRAINER)} $in -lm -lpthread -o $out`,
    `build train: link ${counted.objects}`,
  ];
  const trainer = await make(folder, [...counted.lines, ...linking], "train");
  await runCommand(trainer, await trainingPage(folder));
  const trained = await compiling(sources, TRAINED_FLAGS);
  const merging = [
    "rule merge",
    `  command = ${[compiler, ...TRAINED_FLAGS, ...MERGING_FLAGS].join(" ")} $in -o $out`,
    `build libwebp.o: merge ${trained.objects}`,
    "build libwebp.a: archive libwebp.o",
  ];
  return make(folder, [...ARCHIVE_RULE, ...trained.lines, ...merging], "libwebp.a");
}
