import sharp, { type Sharp } from "sharp";
import { UpscalerError } from "../errors.js";
import { codecFailure } from "./codec-failure.js";
import type { PageOptions } from "./job.js";
import { outputSize, type Size } from "./output-size.js";
import type { EncodedPage, EncodedStrip, OutputFormat, Page, PixelBuffer } from "./page.js";
import { imageOf } from "./planes.js";
import { flattenOnWhite, unpremultiply } from "./premultiply.js";
import { encodeStrips } from "./strips.js";

export interface EncodeResult {
  readonly page: EncodedPage;
  /** What was lost on the way, beside the page's own warnings. */
  readonly warnings: readonly string[];
}

/**
 * WebP's method. On 1600 x 2400 comic pages at quality 90, 2 takes about half the time of 4 for 2 to 4 % more
 * bytes and 0.3 to 0.6 dB; at equal error it writes 9 % fewer bytes than 0 in about the same time; 5 and 6 gain
 * nothing that shows.
 */
const DEFAULT_EFFORT = 2;

/** Bytes of the input up to which, and from which on, quality is chosen: a small file is a page worth keeping well. */
const SMALL_INPUT = 500_000;
const LARGE_INPUT = 2_000_000;

/** @returns the quality (1-100) for an input of this many bytes when the client names none */
export function defaultQuality(inputBytes: number): number {
  if (inputBytes < SMALL_INPUT) return 95;
  return inputBytes > LARGE_INPUT ? 85 : 90;
}

/**
 * @throws {UpscalerError} unsupported_option
 */
export function expectEncodableOptions({ format, lossless }: PageOptions): void {
  if (lossless && format === "jpeg") {
    throw new UpscalerError(
      "unsupported_option",
      "expected format to be webp or png with lossless, received jpeg",
    );
  }
}

/**
 * Shrinks an upscaled page to fit, if asked to, and writes it.
 *
 * @param inputBytes size of the encoded input, which the quality is chosen by
 * * @param onStrip receives the page's strips when the options ask for them; the result then has no data
 * @throws {UpscalerError} encode_failed, out_of_memory
 */
export async function encodePage(
  page: Page,
  options: PageOptions,
  inputBytes: number,
  onStrip: (strip: EncodedStrip) => void = () => undefined,
): Promise<EncodeResult> {
  const { width, height } = page.colour;
  const size = outputSize({ width, height }, 1, options.fit);
  try {
    const { image, warnings } = await toImage(page, options.format, size);
    const { format } = options;
    const written = page.greyscale ? image.toColourspace("b-w") : image;
    const encode = (part: Sharp) => write(part, options, inputBytes);
    if (options.strips) {
      await encodeStrips(written, format, encode, onStrip);
      return { page: { data: new Uint8Array(0), ...size, format }, warnings };
    }
    const { data, info } = await encode(written);
    return { page: { data, width: info.width, height: info.height, format }, warnings };
  } catch (cause) {
    const message = `cannot write the page as ${options.format} in ${size.width} x ${size.height} pixels`;
    throw codecFailure("encode_failed", message, cause);
  }
}

/** The page in its final size, with straight alpha or without any. */
async function toImage(
  page: Page,
  format: OutputFormat,
  size: Size,
): Promise<{ image: Sharp; warnings: readonly string[] }> {
  if (page.alpha === null) return { image: resized(page.colour, size), warnings: [] };
  const colour = await pixelsOf(page.colour, size);
  const alpha = await pixelsOf(page.alpha, size);
  if (format === "jpeg") {
    const image = imageOf(await flattenOnWhite(colour, alpha));
    return { image, warnings: ["JPEG has no transparency: the page was laid on white"] };
  }
  const rgba = await unpremultiply(colour, alpha);
  return { image: sharp(rgba, { raw: { ...size, channels: 4 }, limitInputPixels: false }), warnings: [] };
}

/**
 * Lanczos in gamma-encoded values. Linear light would keep the mean brightness of screentone, but fades thin lines of
 * ink and lettering to grey, and takes six times as long.
 */
function resized(buffer: PixelBuffer, { width, height }: Size): Sharp {
  const image = imageOf(buffer);
  if (width === buffer.width && height === buffer.height) return image;
  return image.resize({ width, height, fit: "fill", kernel: "lanczos3" });
}

async function pixelsOf(buffer: PixelBuffer, size: Size): Promise<PixelBuffer> {
  if (size.width === buffer.width && size.height === buffer.height) return buffer;
  const space = buffer.channels === 1 ? "b-w" : "srgb";
  const data = await resized(buffer, size).toColourspace(space).raw().toBuffer();
  return { ...size, data, channels: buffer.channels };
}

function write(image: Sharp, options: PageOptions, inputBytes: number) {
  const quality = options.quality ?? defaultQuality(inputBytes);
  switch (options.format) {
    case "webp": {
      const { lossless } = options;
      const webp = image.webp({ quality, lossless, effort: options.effort ?? DEFAULT_EFFORT });
      return webp.toBuffer({ resolveWithObject: true });
    }
    case "jpeg":
      // Halved chroma smears red lettering and spot colour.
      return image.jpeg({ quality, chromaSubsampling: "4:4:4" }).toBuffer({ resolveWithObject: true });
    case "png":
      return image.png().toBuffer({ resolveWithObject: true });
  }
}
