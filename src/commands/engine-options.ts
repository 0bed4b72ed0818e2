import { availableParallelism } from "node:os";
import { type Command, InvalidArgumentError, Option } from "commander";
import { SMALLEST_TILE } from "../engine/tile-size.js";
import { parseDevices, parseOneDevice } from "./device-choice.js";
import { LEAST_MEMORY_MB } from "./memory-shares.js";

/** What the command line says about model and device, parsed and checked. */
export interface EngineChoice {
  /** Vulkan index, -1 for the CPU, "auto" for the best device there is. */
  readonly gpuId: number | "auto";
  /** Side of a tile in input pixels where a request names none; 0 lets the engine choose. */
  readonly tileSize: number;
  /** Name in the manifest or path of a model; null for the default model. */
  readonly model: string | null;
  /** Of results where a request names none, and which of several models in a folder; null for the model's own. */
  readonly scale: number | null;
  /** Which of several models in a folder; null for what the family's own program takes. */
  readonly noise: number | null;
  readonly precision: "auto" | "fp32" | "fp16";
  readonly threads: number;
  readonly winograd: boolean;
  /** MiB of GPU memory that tensors may take, 0 for no limit but the device's. */
  readonly maxVram: number;
  /** MiB of the machine's memory that pages may take on their way, 0 for a share of what there is. */
  readonly maxMemory: number;
  /** Share of the time that the GPU may be kept busy, 0.1 to 1. */
  readonly gpuDuty: number;
  /** Whether pages that find no memory on the GPU go to the CPU; null: unless a GPU was named. */
  readonly cpuFallback: boolean | null;
}

const LARGEST_TILE = 16_384;
const MOST_THREADS = 1024;
const LARGEST_SCALE = 8;
const MOST_VRAM_MB = 1 << 24;
const MOST_MEMORY_MB = 1 << 24;
const LEAST_DUTY = 0.1;

function integerBetween(text: string, least: number, most: number, expected: string): number {
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || value < least || value > most) {
    throw new InvalidArgumentError(`expected ${expected}, received '${text}'`);
  }
  return value;
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

/** @returns MiB; 0 for a share of the machine's memory */
export function parseMaxMemory(text: string): number {
  const expected = `0 or an integer from ${LEAST_MEMORY_MB} to ${MOST_MEMORY_MB}`;
  const megabytes = integerBetween(text, 0, MOST_MEMORY_MB, expected);
  if (megabytes > 0 && megabytes < LEAST_MEMORY_MB) {
    throw new InvalidArgumentError(`expected ${expected}, received '${text}'`);
  }
  return megabytes;
}

function parseDuty(text: string): number {
  const duty = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || duty < LEAST_DUTY || duty > 1) {
    throw new InvalidArgumentError(`expected a number from ${LEAST_DUTY} to 1, received '${text}'`);
  }
  return duty;
}

/** `--scale`: which model of a folder. */
export function modelScaleOption(meaning = "which model of a folder: one for results of this scale") {
  return new Option("-s, --scale <factor>", meaning)
    .argParser((text) => integerBetween(text, 1, LARGEST_SCALE, `an integer from 1 to ${LARGEST_SCALE}`))
    .default(null, "the model's own; of a folder, 2 where there is one");
}

/** `--noise`: which model of a folder. */
export function modelNoiseOption() {
  return new Option("-n, --noise <level>", "which model of a folder: noise removal from -1, none, to 3")
    .argParser((text) => integerBetween(text, -1, 3, "an integer from -1 to 3"))
    .default(null, "the family's usual one");
}

function oneDeviceOption() {
  return new Option("-g, --gpu-id <id>", "Vulkan device, -1 for the CPU, auto for the best one")
    .argParser(parseOneDevice)
    .default("auto");
}

function devicesOption() {
  return new Option(
    "-g, --gpu-id <id,...>",
    "Vulkan device, -1 for the CPU, auto for the best one; several, as in 0,1: a process for each",
  )
    .argParser(parseDevices)
    .default("auto");
}

/**
 * Adds the options that choose the model and where it runs.
 *
 * @param devices whether several devices may be named: the choice is a WorkerChoice then, an EngineChoice otherwise
 */
export function addEngineOptions(command: Command, devices: "one" | "several" = "one"): Command {
  return addDeviceOptions(
    command
      .addOption(
        new Option(
          "-m, --model <name|path>",
          "name in models/manifest.json, .param or .bin file, or folder with models",
        ).default(null, "the default model"),
      )
      .addOption(modelScaleOption("how much larger results are; 3 and 4 in two passes where the model is 2x"))
      .addOption(modelNoiseOption()),
    devices,
  );
}

/** Adds the options of where a model runs and how; `devices` as of addEngineOptions. */
export function addDeviceOptions(command: Command, devices: "one" | "several" = "one"): Command {
  return command
    .addOption(devices === "one" ? oneDeviceOption() : devicesOption())
    .addOption(
      new Option("-t, --tile-size <pixels>", "tile side in input pixels, 0 = chosen by memory")
        .argParser(parseTileSize)
        .default(0),
    )
    .addOption(
      new Option("--precision <kind>", "arithmetic").choices(["auto", "fp32", "fp16"]).default("auto"),
    )
    .addOption(
      new Option("--threads <count>", "CPU threads of one image; several workers on the CPU share them")
        .argParser((text) => integerBetween(text, 1, MOST_THREADS, `an integer from 1 to ${MOST_THREADS}`))
        .default(availableParallelism()),
    )
    .addOption(
      new Option("--max-vram <MB>", "GPU memory that tensors may take, 0 = all that is free")
        .argParser((text) => integerBetween(text, 0, MOST_VRAM_MB, `an integer from 0 to ${MOST_VRAM_MB}`))
        .default(0),
    )
    .addOption(
      new Option("--max-memory <MB>", "memory that pages may take, 0 = a quarter of the machine's")
        .argParser(parseMaxMemory)
        .default(0),
    )
    .addOption(
      new Option("--gpu-duty <share>", "share of the time that the GPU may be kept busy, 0.1 to 1")
        .argParser(parseDuty)
        .default(1),
    )
    .addOption(
      new Option("--cpu-fallback", "compute pages on the CPU that find no memory on the GPU").default(
        null,
        "unless --gpu-id names a GPU",
      ),
    )
    .addOption(new Option("--no-cpu-fallback", "refuse such pages with out_of_memory"))
    .addOption(
      new Option("--no-winograd", "slower convolutions that give the same bits for every tile size"),
    );
}
