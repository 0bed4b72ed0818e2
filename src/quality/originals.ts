import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { DEFAULT_WORKER_LIMITS } from "../../protocol/limits.js";
import { messageOf, UpscalerError } from "../errors.js";
import { decodePage } from "../stages/decode.js";
import type { PixelBuffer } from "../stages/page.js";
import { SCORED_BORDER } from "./score.js";

/** Art that upscaled images are compared with. */
export interface Original {
  readonly pixels: PixelBuffer;
  /** It has no colour channels. */
  readonly greyscale: boolean;
  /** Of the whole file, hexadecimal. */
  readonly sha256: string;
}

const IMAGE_ENDINGS: ReadonlySet<string> = new Set([
  ...[".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif", ".tif", ".tiff"],
]);

/** The border that is not scored, and room for SSIM's window, at any scale. */
const SMALLEST_SIDE = 2 * SCORED_BORDER + 32;

/**
 * @param limit how many at most, spread evenly over the sorted names; null for all
 * @returns paths of a folder's image files, by their endings, sorted by name; folders below it are not looked into
 * @throws {UpscalerError} invalid_request: no such folder, or no image in it
 */
export async function listImages(folder: string, limit: number | null): Promise<readonly string[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new UpscalerError("invalid_request", `cannot read the folder ${folder}: ${messageOf(cause)}`, {
      cause,
    });
  });
  const images = names.filter((name) => IMAGE_ENDINGS.has(extname(name).toLowerCase())).sort();
  if (images.length === 0)
    throw new UpscalerError("invalid_request", `expected images in ${folder}, found none`);
  return spreadEvenly(images, limit ?? images.length).map((name) => join(folder, name));
}

/** @returns `count` of the items at equal distances, all of them when there are no more */
export function spreadEvenly<Item>(items: readonly Item[], count: number): readonly Item[] {
  if (count >= items.length) return items;
  return items.filter(
    (_, index) =>
      Math.floor((index * count) / items.length) !== Math.floor(((index - 1) * count) / items.length),
  );
}

/**
 * Reads an image and takes its middle: what is not opaque is laid on black.
 *
 * @param crop longest side that is taken, in pixels
 * @throws {UpscalerError} the image cannot be read or decoded, or is too small to be scored
 */
export async function readOriginal(path: string, crop: number): Promise<Original> {
  const file = await readFile(path).catch((cause: unknown) => {
    throw new UpscalerError("invalid_request", `cannot read ${path}: ${messageOf(cause)}`, { cause });
  });
  const { colour, greyscale } = await decodePage(file, { maxPixels: DEFAULT_WORKER_LIMITS.maxInputPixels });
  if (Math.min(colour.width, colour.height) < SMALLEST_SIDE) {
    throw new UpscalerError(
      "invalid_request",
      `expected ${basename(path)} to be at least ${SMALLEST_SIDE} x ${SMALLEST_SIDE}, received ${colour.width} x ${colour.height}`,
    );
  }
  const [width, height] = [Math.min(crop, colour.width), Math.min(crop, colour.height)];
  const left = Math.floor((colour.width - width) / 2);
  const top = Math.floor((colour.height - height) / 2);
  const pixels = cropPixels(colour, { left, top, width, height });
  return { pixels, greyscale, sha256: createHash("sha256").update(file).digest("hex") };
}

/** A rectangle of an image in pixels. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * @returns a copy of a part
 * @throws {RangeError} a region that is not inside
 */
export function cropPixels(image: PixelBuffer, { left, top, width, height }: Region): PixelBuffer {
  const { channels } = image;
  const fits = left >= 0 && top >= 0 && left + width <= image.width && top + height <= image.height;
  if (!fits) {
    throw new RangeError(
      `expected a region inside ${image.width} x ${image.height}, received ${width} x ${height} at ${left}, ${top}`,
    );
  }
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * image.width + left) * channels;
    data.set(image.data.subarray(from, from + width * channels), y * width * channels);
  }
  return { data, width, height, channels };
}

/** @returns the image without the columns on the right and the rows at the bottom that make no whole `scale` pixels */
export function cutToMultiple(image: PixelBuffer, scale: number): PixelBuffer {
  const [width, height] = [image.width - (image.width % scale), image.height - (image.height % scale)];
  return width === image.width && height === image.height
    ? image
    : cropPixels(image, { left: 0, top: 0, width, height });
}
