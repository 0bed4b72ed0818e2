import { type Command, InvalidArgumentError, Option } from "commander";
import type { PageOptions } from "../stages/job.js";
import { OUTPUT_FORMATS, type OutputFormat } from "../stages/page.js";

/** What the command line says about the output image. */
export interface ImageChoice {
  readonly format: OutputFormat | null;
  readonly quality: number | null;
  readonly effort: number | null;
  readonly lossless: boolean;
  readonly fit: PageOptions["fit"];
}

const LARGEST_SIDE = 65_535;

/** @returns a parser for an option that takes an integer between two bounds */
export function integerFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`expected an integer from ${least} to ${most}, received '${text}'`);
    }
    return value;
  };
}

function parseFit(text: string): { width: number | null; height: number | null } {
  const match = /^(\d*)x(\d*)$/.exec(text);
  const side = (digits: string | undefined) => (digits ? integerFrom(1, LARGEST_SIDE)(digits) : null);
  const fit = { width: side(match?.[1]), height: side(match?.[2]) };
  if (fit.width === null && fit.height === null) {
    throw new InvalidArgumentError(`expected WIDTHxHEIGHT, WIDTHx or xHEIGHT in pixels, received '${text}'`);
  }
  return fit;
}

function parseFormat(text: string): OutputFormat {
  const format = OUTPUT_FORMATS.find((known) => known === (text === "jpg" ? "jpeg" : text));
  if (format !== undefined) return format;
  throw new InvalidArgumentError(`expected one of ${OUTPUT_FORMATS.join(", ")}, received '${text}'`);
}

/** Adds the options that describe the output image. */
export function addImageOptions(command: Command): Command {
  return command
    .addOption(
      new Option("-f, --format <format>", "output format")
        .choices(OUTPUT_FORMATS)
        .argParser(parseFormat)
        .default(null, "by the output's name, else webp"),
    )
    .addOption(
      new Option("-q, --quality <1-100>", "lossy quality")
        .argParser(integerFrom(1, 100))
        .default(null, "by the input's size"),
    )
    .addOption(
      new Option(
        "--effort <0-6>",
        "time spent on smaller files; of JPEG only 0 differs from the others, of PNG none",
      )
        .argParser(integerFrom(0, 6))
        .default(null, "by how busy the encoders are"),
    )
    .option("--lossless", "encode without loss (WebP)", false)
    .addOption(
      new Option("--fit <size>", "shrink to fit inside WIDTHxHEIGHT, WIDTHx or xHEIGHT after upscaling")
        .argParser(parseFit)
        .default(null, "keep the upscaled size"),
    );
}

/** @returns the choices in the words of the stages; model, scale and noise were settled when the model was loaded */
export function toPageOptions(choice: ImageChoice, format: OutputFormat): PageOptions {
  const { quality, effort, lossless, fit } = choice;
  const ofModel = { model: null, scale: null, noise: null, tile: null };
  return { ...ofModel, format, quality, effort, lossless, fit, strips: false };
}
