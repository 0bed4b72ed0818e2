import type { Sharp } from "sharp";
import type { PixelBuffer } from "./page.js";
import { sharp } from "./sharp.js";

/** Interleaved 8-bit pixels as sharp takes them; any number of channels. */
export interface RawPixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
}

/** @returns an image that reads the buffer's memory; it must not change until the image has been written */
export function imageOf({ data, width, height, channels }: RawPixels): Sharp {
  return sharp(data, { raw: { width, height, channels }, limitInputPixels: false });
}

/** One channel as a grey image of three equal ones. */
export async function planeAsRgb(plane: PixelBuffer): Promise<PixelBuffer> {
  const data = await imageOf(plane).toColourspace("srgb").raw().toBuffer();
  return { data, width: plane.width, height: plane.height, channels: 3 };
}

/** The luminance of a nearly grey image as one channel; equal channels come back as they are. */
export async function rgbAsPlane(image: RawPixels): Promise<PixelBuffer> {
  const data = await imageOf(image).toColourspace("b-w").raw().toBuffer();
  return { data, width: image.width, height: image.height, channels: 1 };
}
