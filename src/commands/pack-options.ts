import { type Command, Option } from "commander";
import type { RequestFields } from "../packing/request-frames.js";
import { addImageOptions, type ImageChoice, integerFrom } from "./image-options.js";
import { addLogOptions, type LogChoice } from "./program-log.js";

/** What the command line says about the requests that `pack` writes. */
export interface PackChoice extends ImageChoice, LogChoice {
  readonly priority: number | null;
  readonly strips: boolean;
  readonly scale: number | null;
}

/** Adds the files and options of `pack`. */
export function addPackOptions(command: Command): Command {
  addImageOptions(command.argument("<files...>", "image files"))
    .addOption(
      new Option("-p, --priority <0-2>", "0 prefetch, 1 normal, 2 visible")
        .argParser(integerFrom(0, 2))
        .default(null, "1"),
    )
    .addOption(
      new Option("-s, --scale <1-4>", "how much larger results are, one of those in the worker's ready")
        .argParser(integerFrom(1, 4))
        .default(null, "what the worker was started with"),
    )
    .option("--strips", "ask for each page as strips from the top, an image each", false);
  return addLogOptions(command, "warn");
}

function definedSides(fit: NonNullable<ImageChoice["fit"]>): RequestFields["fit"] {
  const { width, height } = fit;
  return { ...(width === null ? {} : { width }), ...(height === null ? {} : { height }) };
}

/** @returns the choices in the words of the protocol; what is left open stays open */
export function toRequestFields({ fit, ...choice }: PackChoice): RequestFields {
  return {
    format: choice.format ?? undefined,
    quality: choice.quality ?? undefined,
    effort: choice.effort ?? undefined,
    lossless: choice.lossless || undefined,
    priority: choice.priority ?? undefined,
    strips: choice.strips || undefined,
    scale: choice.scale ?? undefined,
    fit: fit === null ? undefined : definedSides(fit),
  };
}
