import { availableParallelism } from "node:os";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { BenchPrecision } from "../bench/bench-subject.js";
import { SMALLEST_TILE } from "../engine/tile-size.js";
import { parseOneDevice } from "./device-choice.js";
import { integerFrom } from "./image-options.js";
import { repeatable } from "./option-parsers.js";

/** What the command line says about a benchmark of the engine, parsed and checked. */
export interface BenchEngineChoice {
  readonly gpuId: number | "auto";
  /** Names or paths; empty for the default model. */
  readonly model: readonly string[];
  /** Sides in input pixels, 0 = the engine's choice. */
  readonly tile: readonly number[];
  readonly precision: BenchPrecision;
  /** CPU threads of one image. */
  readonly threads: readonly number[];
  readonly rounds: number;
  readonly count: number;
  /** File for everything as JSON; null for none. */
  readonly json: string | null;
}

const DEFAULT_TILES: readonly number[] = [0, 512, 256, 128];
const LARGEST_TILE = 16_384;
const MOST_THREADS = 1024;

function parseTile(text: string): number {
  const tile = integerFrom(0, LARGEST_TILE)(text);
  if (tile > 0 && tile < SMALLEST_TILE) {
    throw new InvalidArgumentError(`expected 0 or at least ${SMALLEST_TILE}, received '${text}'`);
  }
  return tile;
}

/** Adds the pages and options of `bench engine`. */
export function addBenchEngineOptions(command: Command): Command {
  const noModels: readonly string[] = [];
  const allThreads: readonly number[] = [availableParallelism()];
  return command
    .argument("[pages...]", "image files instead of the page that comes with the program")
    .addOption(
      new Option("-g, --gpu-id <id>", "Vulkan device, -1 for the CPU, auto for the best one")
        .argParser(parseOneDevice)
        .default("auto"),
    )
    .addOption(
      new Option("-m, --model <name|path>", "model to measure; may be repeated")
        .argParser(repeatable((text) => text, noModels))
        .default(noModels, "the default model"),
    )
    .addOption(
      new Option("-t, --tile <pixels>", "tile side in input pixels, 0 = the engine's choice; may be repeated")
        .argParser(repeatable(parseTile, DEFAULT_TILES))
        .default(DEFAULT_TILES, DEFAULT_TILES.join(", ")),
    )
    .addOption(
      new Option("--precision <kind>", "arithmetics to measure: all of them, or those of one kind")
        .choices(["table", "auto", "fp32", "fp16"])
        .default("table"),
    )
    .addOption(
      new Option("--threads <count>", "CPU threads of one image; may be repeated, each a row on the CPU")
        .argParser(repeatable(integerFrom(1, MOST_THREADS), allThreads))
        .default(allThreads, String(allThreads[0])),
    )
    .addOption(
      new Option("--rounds <count>", "how often each row is measured, the rows taking turns")
        .argParser(integerFrom(1, 100))
        .default(3),
    )
    .addOption(
      new Option("--count <pages>", "pages of a round for each number of calls in flight")
        .argParser(integerFrom(1, 10_000))
        .default(12),
    )
    .addOption(new Option("--json <file>", "also write everything as JSON").default(null, "none"));
}
