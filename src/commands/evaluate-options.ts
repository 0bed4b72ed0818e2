import { type Command, InvalidArgumentError, Option } from "commander";
import type { JpegQuality } from "../quality/degrade.js";
import { addDeviceOptions, type EngineChoice, modelNoiseOption, modelScaleOption } from "./engine-options.js";
import { integerFrom } from "./image-options.js";

/** What the command line says about a comparison with originals, parsed and checked. */
export interface EvaluateChoice extends Omit<EngineChoice, "model"> {
  /** Names or paths. */
  readonly models: readonly string[];
  /** Folder of images. */
  readonly data: string;
  /** Images at most; null for all. */
  readonly limit: number | null;
  readonly quality: readonly JpegQuality[];
  /** Longest side that is compared, in pixels. */
  readonly crop: number;
  /** Files for everything as JSON and for a picture of crops; null for none. */
  readonly json: string | null;
  readonly sheet: string | null;
}

const DEFAULT_QUALITIES: readonly JpegQuality[] = [null, 95, 85, 75];
const SMALLEST_CROP = 128;
const LARGEST_CROP = 16_384;

function parseQualities(text: string): readonly JpegQuality[] {
  const qualities = text.split(",").map((part) => (part === "none" ? null : integerFrom(1, 100)(part)));
  if (new Set(qualities).size < qualities.length)
    throw new InvalidArgumentError(`expected every quality once, received '${text}'`);
  return qualities;
}

function parseSheet(text: string): string {
  if (/\.(?:png|webp)$/i.test(text)) return text;
  throw new InvalidArgumentError(`expected a name that ends with .png or .webp, received '${text}'`);
}

/** Adds the models and options of `models evaluate`. */
export function addEvaluateOptions(command: Command) {
  return addDeviceOptions(
    command
      .argument("<model...>", "names, folders, FILE.param or FILE.bin")
      .requiredOption("--data <folder>", "images that nobody trained on; folders in it are not looked into")
      .addOption(
        new Option("--limit <count>", "images, spread evenly over the sorted names")
          .argParser(integerFrom(1, 1_000_000))
          .default(null, "all"),
      )
      .addOption(
        new Option("-q, --quality <list>", "JPEG qualities of the inputs, none for no JPEG")
          .argParser(parseQualities)
          .default(DEFAULT_QUALITIES, "none,95,85,75"),
      )
      .addOption(
        new Option("--crop <pixels>", "longest side that is taken from the middle of an image")
          .argParser(integerFrom(SMALLEST_CROP, LARGEST_CROP))
          .default(512),
      )
      .addOption(new Option("--json <file>", "also write everything, image by image").default(null, "none"))
      .addOption(
        new Option("--sheet <file>", "also draw crops of the results beside each other: .png or .webp")
          .argParser(parseSheet)
          .default(null, "none"),
      )
      .addOption(modelScaleOption("what is compared; 3 and 4 in two passes where a model is 2x"))
      .addOption(modelNoiseOption()),
  );
}
