import { availableParallelism } from "node:os";
import { type Command, InvalidArgumentError, Option } from "commander";
import { CPU_INDEX } from "../engine/select-device.js";
import { SMALLEST_TILE } from "../engine/tile-size.js";

/** What the command line says about model and device, parsed and checked. */
export interface EngineChoice {
  /** Vulkan index, -1 for the CPU, "auto" for the best device there is. */
  readonly gpuId: number | "auto";
  /** Side of a tile in input pixels where a request names none; 0 lets the engine choose. */
  readonly tileSize: number;
  /** Name in the manifest or path of a model; null for the default model. */
  readonly model: string | null;
  readonly precision: "auto" | "fp32" | "fp16";
  readonly threads: number;
  readonly winograd: boolean;
}

const LARGEST_TILE = 16_384;
const MOST_THREADS = 1024;

function integerBetween(text: string, least: number, most: number, expected: string): number {
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || value < least || value > most) {
    throw new InvalidArgumentError(`expected ${expected}, received '${text}'`);
  }
  return value;
}

function parseGpuId(text: string): EngineChoice["gpuId"] {
  return text === "auto"
    ? text
    : integerBetween(text, CPU_INDEX, 255, "auto, -1 for the CPU or a Vulkan index");
}

function parseTileSize(text: string): number {
  const tile = integerBetween(
    text,
    0,
    LARGEST_TILE,
    `0 or an integer from ${SMALLEST_TILE} to ${LARGEST_TILE}`,
  );
  if (tile > 0 && tile < SMALLEST_TILE) {
    throw new InvalidArgumentError(`expected 0 or at least ${SMALLEST_TILE}, received '${text}'`);
  }
  return tile;
}

/** Adds the options that choose the model and where it runs. */
export function addEngineOptions(command: Command): Command {
  return command
    .addOption(
      new Option("-g, --gpu-id <id>", "Vulkan device, -1 for the CPU, auto for the best one")
        .argParser(parseGpuId)
        .default("auto"),
    )
    .addOption(
      new Option("-t, --tile-size <pixels>", "tile side in input pixels, 0 = chosen by memory")
        .argParser(parseTileSize)
        .default(0),
    )
    .addOption(
      new Option("-m, --model <name|path>", "model to use, see models/manifest.json").default(
        null,
        "the default model",
      ),
    )
    .addOption(
      new Option("--precision <kind>", "arithmetic").choices(["auto", "fp32", "fp16"]).default("auto"),
    )
    .addOption(
      new Option("--threads <count>", "CPU threads of one image")
        .argParser((text) => integerBetween(text, 1, MOST_THREADS, `an integer from 1 to ${MOST_THREADS}`))
        .default(availableParallelism()),
    )
    .addOption(
      new Option("--no-winograd", "slower convolutions that give the same bits for every tile size"),
    );
}
