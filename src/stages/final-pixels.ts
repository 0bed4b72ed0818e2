import type { Size } from "./output-size.js";
import type { OutputFormat, Page, PixelBuffer } from "./page.js";
import { imageOf, type RawPixels } from "./planes.js";
import { flattenOnWhite, unpremultiply } from "./premultiply.js";

/** What an image file is written from. */
export interface FinalPixels {
  /** With straight alpha or without any; the page's own memory where nothing had to be changed. */
  readonly pixels: RawPixels;
  /** What was lost on the way. */
  readonly warnings: readonly string[];
}

/** The page in its final size, with as many channels as the format can hold. */
export async function finalPixels(page: Page, format: OutputFormat, size: Size): Promise<FinalPixels> {
  const { colour, alpha } = await shrinkPage(page, size);
  if (alpha === null) return { pixels: colour, warnings: [] };
  if (format === "jpeg") {
    const pixels = await flattenOnWhite(colour, alpha);
    return { pixels, warnings: ["JPEG has no transparency: the page was laid on white"] };
  }
  return { pixels: { data: await unpremultiply(colour, alpha), ...size, channels: 4 }, warnings: [] };
}

/** @returns the page in a size of at most its own; its own memory where that is the same */
export async function shrinkPage(page: Page, size: Size): Promise<Page> {
  if (page.alpha === null) {
    return { ...page, colour: await shrink(page.colour, size, page.greyscale ? "linear" : "encoded") };
  }
  // Premultiplied colour and its alpha must be averaged alike, or edges would get brighter than what they bound.
  const colour = await shrink(page.colour, size, "encoded");
  return { ...page, colour, alpha: await shrink(page.alpha, size, "encoded") };
}

/**
 * Catmull-Rom (Keys, 1981): Lanczos' farther lobes leave grey cores in strokes of ink. In linear light screentone keeps
 * its brightness, of which encoded values lose up to a sixth; colour seldom has such patterns, and linear light takes
 * five times as long. docs/encoding.md has the figures.
 *
 * @param light what is averaged: `encoded` values as they are, or `linear` light
 */
async function shrink(
  buffer: PixelBuffer,
  { width, height }: Size,
  light: "encoded" | "linear",
): Promise<PixelBuffer> {
  if (width === buffer.width && height === buffer.height) return buffer;
  const space = buffer.channels === 1 ? "b-w" : "srgb";
  const image = light === "linear" ? imageOf(buffer).pipelineColourspace("scrgb") : imageOf(buffer);
  const shrunk = image.resize({ width, height, fit: "fill", kernel: "cubic" });
  const data = await shrunk.toColourspace(space).raw().toBuffer();
  return { data, width, height, channels: buffer.channels };
}
