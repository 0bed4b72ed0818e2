import type { Metadata, Sharp, SharpOptions } from "sharp";
import { UpscalerError } from "../errors.js";
import { codecFailure } from "./codec-failure.js";
import type { Page } from "./page.js";
import { premultiply } from "./premultiply.js";
import { sharp } from "./sharp.js";
import { describeUnknown, type InputFormat, sniffFormat } from "./sniff-format.js";

export interface DecodeLimits {
  /** Largest width times height, checked before any pixel is decoded. */
  readonly maxPixels: number;
}

const WITHOUT_COLOUR: ReadonlySet<string> = new Set(["b-w", "grey16"]);

/**
 * Turns an encoded image into an upright page in 8-bit sRGB. Of an animation it takes the first frame, with a warning.
 *
 * @param data one whole file; not written to, and not to be written to until the promise settles
 * @throws {UpscalerError} unsupported_format, image_too_large, decode_failed, out_of_memory
 */
export async function decodePage(data: Uint8Array, limits: DecodeLimits): Promise<Page> {
  const { format, header } = await inspectPage(data, limits);
  const pixels = await readPixels(data, format, header, limits);
  return toPage(pixels, header, format);
}

/** What an encoded image says of itself. */
export interface InspectedPage {
  readonly format: InputFormat;
  readonly header: Metadata;
}

/**
 * Reads the header only.
 *
 * @throws {UpscalerError} unsupported_format, image_too_large, decode_failed, out_of_memory
 */
export async function inspectPage(data: Uint8Array, limits: DecodeLimits): Promise<InspectedPage> {
  if (data.length === 0) {
    throw new UpscalerError("decode_failed", "expected data to hold an encoded image, received 0 bytes");
  }
  const format = sniffFormat(data);
  if (format === null) {
    throw new UpscalerError(
      "unsupported_format",
      `expected data to be a JPEG, PNG, WebP, GIF, AVIF or TIFF image, received ${describeUnknown(data)}`,
    );
  }
  const header = await readHeader(data, format);
  checkPixels(header, limits);
  return { format, header };
}

function options(limitInputPixels: number | false): SharpOptions {
  return {
    // Warnings are about metadata and odd encoders; whatever makes pixels wrong is at least an error.
    failOn: "error",
    limitInputPixels,
  };
}

async function readHeader(data: Uint8Array, format: InputFormat): Promise<Metadata> {
  try {
    // Without sharp's own pixel limit, since its message does not say the size.
    return await sharp(data, options(false)).metadata();
  } catch (cause) {
    throw decodeFailure(format, cause);
  }
}

function checkPixels({ width, height }: Metadata, { maxPixels }: DecodeLimits): void {
  if (width * height > maxPixels) {
    throw new UpscalerError(
      "image_too_large",
      `expected an image of at most ${maxPixels} pixels, received ${width} x ${height} = ${width * height}`,
    );
  }
}

interface DecodedPixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** 3 or 4, the fourth being alpha. */
  readonly channels: number;
}

async function readPixels(
  data: Uint8Array,
  format: InputFormat,
  header: Metadata,
  { maxPixels }: DecodeLimits,
): Promise<DecodedPixels> {
  try {
    const upright = sharp(data, options(maxPixels)).autoOrient().toColourspace("srgb");
    const { data: pixels, info } = await toSrgb(upright, header).raw().toBuffer({ resolveWithObject: true });
    return { data: pixels, width: info.width, height: info.height, channels: info.channels };
  } catch (cause) {
    throw decodeFailure(format, cause);
  }
}

/** sharp takes embedded profiles to sRGB by itself, but those of 16-bit colour only to Display P3. */
function toSrgb(image: Sharp, { hasProfile, space }: Metadata): Sharp {
  return hasProfile && space === "rgb16" ? image.withIccProfile("srgb") : image;
}

async function toPage(pixels: DecodedPixels, header: Metadata, format: InputFormat): Promise<Page> {
  const { data, width, height, channels } = pixels;
  if (channels !== 3 && channels !== 4) {
    throw new UpscalerError(
      "decode_failed",
      `expected the ${format} image to become RGB or RGBA, received ${channels} channels`,
    );
  }
  const { colour, alpha } =
    channels === 4
      ? await premultiply(data, width, height)
      : { colour: { data, width, height, channels: 3 as const }, alpha: null };
  return {
    colour,
    alpha,
    greyscale: WITHOUT_COLOUR.has(header.space),
    source: { width: header.width, height: header.height, format },
    warnings: warningsOf(header, format),
  };
}

function warningsOf(header: Metadata, format: InputFormat): readonly string[] {
  const { pages = 1 } = header;
  const what = format === "tiff" ? "pages" : "frames";
  return pages > 1 ? [`the ${format} image has ${pages} ${what}: only the first was taken`] : [];
}

function decodeFailure(format: InputFormat, cause: unknown): UpscalerError {
  return codecFailure(
    "decode_failed",
    `expected data to be a whole ${format} image, received one that is damaged, truncated or of an unsupported kind`,
    cause,
  );
}
