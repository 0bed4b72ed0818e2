import { UpscalerError } from "../errors.js";
import type { Enlargement } from "../models/scales.js";
import type { PageOptions } from "./job.js";
import type { OutputFormat } from "./page.js";

/** Width and height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Largest side that can be written: WebP stores 14 bits; JPEG's encoder stops short of the format's 16 bits; PNG
 * readers commonly refuse more than a million.
 */
const MAX_SIDE: Readonly<Record<OutputFormat, number>> = { webp: 16383, jpeg: 65500, png: 1_000_000 };

/** Largest side that the addon upscales (addon/upscaler_arguments.cc). */
const MAX_UPSCALED_SIDE = 1 << 17;

/**
 * @returns the size that a page is written in: upscaled, then shrunk to fit inside `fit` if it does not, in proportion
 */
export function outputSize(input: Size, scale: number, fit: PageOptions["fit"]): Size {
  const upscaled = { width: input.width * scale, height: input.height * scale };
  const ratio = Math.min(
    1,
    (fit?.width ?? Number.POSITIVE_INFINITY) / upscaled.width,
    (fit?.height ?? Number.POSITIVE_INFINITY) / upscaled.height,
  );
  if (ratio === 1) return upscaled;
  return {
    width: Math.max(1, Math.round(upscaled.width * ratio)),
    height: Math.max(1, Math.round(upscaled.height * ratio)),
  };
}

/**
 * Tells before anything expensive is done whether the result can be written at all.
 *
 * @param input size of the upright page
 * @throws {UpscalerError} output_too_large; the message names both sizes and the way out
 */
export function expectWritableSize(input: Size, enlargement: Enlargement, options: PageOptions): void {
  expectUpscalable(input, enlargement);
  const { fit, format, strips } = options;
  const { scale } = enlargement;
  const { width, height } = outputSize(input, scale, fit);
  const limit = MAX_SIDE[format];
  // Strips are images of their own, low enough for every format.
  if (width <= limit && (strips || height <= limit)) return;
  const side = height > width && !strips ? "height" : "width";
  throw new UpscalerError(
    "output_too_large",
    `expected the output to fit ${format}'s limit of ${limit} x ${limit} pixels, received ${width} x ${height} (${input.width} x ${input.height} upscaled ${scale}x): ask for fit with a ${side} of at most ${limit}, ${side === "height" ? "for strips, " : ""}or for another format`,
  );
}

function expectUpscalable({ width, height }: Size, { scale, between }: Enlargement): void {
  const longest = Math.max(width, height) * (between ?? 1);
  if (longest <= MAX_UPSCALED_SIDE) return;
  const read = between === null ? "" : ` (${longest} between its two passes)`;
  throw new UpscalerError(
    "output_too_large",
    `expected sides of at most ${MAX_UPSCALED_SIDE / (between ?? 1)} pixels for ${scale}x, received ${width} x ${height}${read}`,
  );
}
