import { setImmediate } from "node:timers/promises";
import type { PixelBuffer } from "./page.js";

/**
 * Pixels that are worked on before the event loop gets its turn: about 2 ms. These loops run on the main thread because
 * libvips would truncate where they round, twice on the way through, and few pages have an alpha channel.
 */
const PIXELS_PER_TURN = 256 * 1024;

/** Calls `work` with consecutive ranges of pixels, letting other events in between. */
async function inTurns(pixels: number, work: (from: number, to: number) => void): Promise<void> {
  for (let from = 0; from < pixels; from += PIXELS_PER_TURN) {
    if (from > 0) await setImmediate();
    work(from, Math.min(from + PIXELS_PER_TURN, pixels));
  }
}

export interface ColourAndAlpha {
  /** 3 channels, multiplied by alpha. */
  readonly colour: PixelBuffer;
  /** 1 channel; null when every pixel is opaque. */
  readonly alpha: PixelBuffer | null;
}

/**
 * Takes straight RGBA apart. Interpolating premultiplied colour keeps the invisible colour of transparent pixels from
 * bleeding into visible edges (Porter and Duff, 1984).
 *
 * @param rgba width * height * 4 bytes
 */
export async function premultiply(rgba: Uint8Array, width: number, height: number): Promise<ColourAndAlpha> {
  const pixels = width * height;
  const colour = new Uint8Array(pixels * 3);
  const alpha = new Uint8Array(pixels);
  let opaque = true;
  await inTurns(pixels, (from, to) => {
    for (let pixel = from; pixel < to; pixel++) {
      const a = rgba[pixel * 4 + 3] ?? 0;
      alpha[pixel] = a;
      if (a !== 255) opaque = false;
      for (let channel = 0; channel < 3; channel++) {
        colour[pixel * 3 + channel] = Math.round(((rgba[pixel * 4 + channel] ?? 0) * a) / 255);
      }
    }
  });
  return {
    colour: { data: colour, width, height, channels: 3 },
    alpha: opaque ? null : { data: alpha, width, height, channels: 1 },
  };
}

/**
 * The inverse of `premultiply`, as straight RGBA. Colour that exceeds its alpha, which an upscaling network may give,
 * is cut off at white; pixels without alpha become black.
 */
export async function unpremultiply(colour: PixelBuffer, alpha: PixelBuffer): Promise<Uint8Array> {
  const pixels = colour.width * colour.height;
  const rgba = new Uint8ClampedArray(pixels * 4);
  await inTurns(pixels, (from, to) => {
    for (let pixel = from; pixel < to; pixel++) {
      const a = alpha.data[pixel] ?? 0;
      rgba[pixel * 4 + 3] = a;
      if (a === 0) continue;
      for (let channel = 0; channel < 3; channel++) {
        // The clamped array rounds and limits to 255.
        rgba[pixel * 4 + channel] = ((colour.data[pixel * 3 + channel] ?? 0) * 255) / a;
      }
    }
  });
  return new Uint8Array(rgba.buffer);
}

/** Lays premultiplied colour on white; gives opaque RGB. */
export async function flattenOnWhite(colour: PixelBuffer, alpha: PixelBuffer): Promise<PixelBuffer> {
  const pixels = colour.width * colour.height;
  const flat = new Uint8ClampedArray(pixels * 3);
  await inTurns(pixels, (from, to) => {
    for (let pixel = from; pixel < to; pixel++) {
      const white = 255 - (alpha.data[pixel] ?? 0);
      for (let channel = 0; channel < 3; channel++) {
        flat[pixel * 3 + channel] = (colour.data[pixel * 3 + channel] ?? 0) + white;
      }
    }
  });
  return { data: new Uint8Array(flat.buffer), width: colour.width, height: colour.height, channels: 3 };
}
