import type { Enlargement } from "../models/scales.js";
import type { InspectedPage } from "./decode.js";
import type { PageOptions } from "./job.js";
import { outputSize } from "./output-size.js";
import type { InputFormat } from "./sniff-format.js";

/*
 * Bytes for each pixel, rounded up, measured as the growth of the resident set around one image of 6 (decoding) and 15
 * million pixels (encoding): what decoding takes with its result, and what encoding takes beside its source. Of
 * art and of noise, which no codec makes small, the larger; only lossy WebP at thorough efforts is by art, since noise
 * would have it half as large again.
 */
const DECODING: Readonly<Record<InputFormat, number>> = {
  ...{ jpeg: 4, png: 5, webp: 14, gif: 8, avif: 20, tiff: 5 },
};
/** Progressive and interlaced files are kept whole until their last byte was read. */
const PROGRESSIVE = 3;
/** A page that is turned upright needs its other orientation beside it. */
const TURNED = 3;
const ENCODING = { png: 5, jpeg: 13, webp: 8, quickWebp: 6, losslessWebp: 43 } as const;
/** Largest effort at which WebP's encoder keeps little beside the image. */
const QUICK_EFFORT = 2;

const RGB = 3;
const RGBA = 4;

/**
 * @returns bytes that a page takes in memory at its largest: decoded, while the network reads one size and makes another, or
 *   while it is written
 */
export function pageMemory(
  { format, header }: InspectedPage,
  options: PageOptions,
  { scale, made, between }: Enlargement,
): number {
  const { width, height, hasAlpha } = header;
  const pixels = width * height;
  const upscaled = pixels * made ** 2;
  const middle = between === null ? 0 : pixels * between ** 2;
  const output = outputSize(header.autoOrient, scale, options.fit);
  const written = output.width * output.height;
  const isShrunkBefore = made !== scale;
  // Alpha is a plane of its own, goes through the engine as grey in three channels, and joins the colour for writing.
  const held = hasAlpha ? RGBA : RGB;
  const upscaling = hasAlpha ? 2 * RGB + 1 : RGB;
  const joined = hasAlpha ? RGBA + (written < upscaled && !isShrunkBefore ? RGBA : 0) : 0;
  // What it was shrunk from counts on: where it is JavaScript's memory nobody knows when that is given back.
  const shrunk = isShrunkBefore ? held : 0;
  return Math.max(
    pixels * Math.max(decoding({ format, header }), hasAlpha ? 2 * RGBA : 0),
    pixels * (hasAlpha ? held + RGB : held) + middle * RGB + upscaled * upscaling,
    upscaled * held + written * (shrunk + joined + encoding(options, hasAlpha)),
  );
}

function decoding({ format, header }: InspectedPage): number {
  const { isProgressive, orientation = 1 } = header;
  return DECODING[format] + (isProgressive ? PROGRESSIVE : 0) + (orientation > 1 ? TURNED : 0);
}

function encoding({ format, lossless, effort }: PageOptions, hasAlpha: boolean): number {
  if (format !== "webp") return ENCODING[format];
  // WebP's alpha is always written without loss.
  if (lossless || hasAlpha) return ENCODING.losslessWebp;
  return effort !== null && effort <= QUICK_EFFORT ? ENCODING.quickWebp : ENCODING.webp;
}
