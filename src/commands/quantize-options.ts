import { availableParallelism } from "node:os";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { ModelChoice } from "../models/model-selection.js";
import type { CalibrationMethod } from "../quantize/calibrate.js";
import { modelNoiseOption, modelScaleOption } from "./engine-options.js";
import { integerFrom } from "./image-options.js";

/** What the command line says about making a model int8, parsed and checked. */
export interface QuantizeChoice extends ModelChoice, CalibrationMethod {
  /** FILE.param, FILE.bin or FILE. */
  readonly output: string;
  /** Folder of pictures whose activations are looked at. */
  readonly calibrate: string;
  /** Folder of pictures that the result is judged by; null for a part of the others. */
  readonly gate: string | null;
  /** Pictures of each folder at most. */
  readonly limit: number;
  /** Side of what is taken from the middle of a picture, in pixels. */
  readonly crop: number;
  readonly threads: number;
}

const SMALLEST_CROP = 64;
const LARGEST_CROP = 1024;

function parsePercent(text: string): number {
  const percent = Number(text);
  if (/^\d+(?:\.\d+)?$/.test(text) && percent >= 50 && percent <= 100) return percent;
  throw new InvalidArgumentError(`expected a number from 50 to 100, received '${text}'`);
}

/** Adds the model and options of `models quantize`. */
export function addQuantizeOptions(command: Command) {
  return command
    .argument("<model>", "name, folder, FILE.param or FILE.bin")
    .requiredOption("-o, --output <file>", "FILE.param and FILE.bin are written if the gate is passed")
    .requiredOption("--calibrate <folder>", "pictures whose activations are looked at")
    .addOption(
      new Option("--gate <folder>", "other pictures, which the result must pass on").default(
        null,
        "every fourth of --calibrate, which is kept out of the calibration",
      ),
    )
    .addOption(
      new Option("--method <name>", "how the largest magnitude is chosen that is not clipped")
        .choices(["kl", "percentile"])
        .default("percentile"),
    )
    .addOption(
      new Option("--percent <share>", "of the magnitudes that --method percentile keeps, 100 = all")
        .argParser(parsePercent)
        .default(100),
    )
    .addOption(
      new Option("--limit <count>", "pictures of each folder, spread evenly over the sorted names")
        .argParser(integerFrom(1, 1024))
        .default(32),
    )
    .addOption(
      new Option("--crop <pixels>", "side of what is taken from the middle of a picture")
        .argParser(integerFrom(SMALLEST_CROP, LARGEST_CROP))
        .default(256),
    )
    .addOption(
      new Option("--threads <count>", "CPU threads")
        .argParser(integerFrom(1, 1024))
        .default(availableParallelism()),
    )
    .addOption(modelScaleOption())
    .addOption(modelNoiseOption());
}
