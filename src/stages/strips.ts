import { PRIORITY } from "../../protocol/client-messages.js";
import type { EncoderLoad } from "./encoders.js";
import type { Size } from "./output-size.js";
import type { EncodedStrip, OutputFormat } from "./page.js";
import type { RawPixels } from "./planes.js";

/**
 * Rows of one strip. Fewer start sooner and give more encoders something to do, but each strip has the cost of a whole
 * image in its format, and prediction does not reach across a strip's edge: docs/encoding.md has the figures.
 */
const LEAST_ROWS = 128;
const MOST_ROWS = 512;

/** WebP codes squares of this side, and JPEG of half of it: rows that fill none are coded all the same. */
const BLOCK = 16;

/**
 * @param load before this page
 * @param priority 0 prefetch, 1 normal, 2 visible
 * @returns rows of a strip so that every encoder that the page can count on has one
 */
export function stripRows(
  height: number,
  { encoders, busy, waiting }: EncoderLoad,
  priority: number,
): number {
  // What is seen goes before whatever waits for an encoder.
  const available = priority >= PRIORITY.visible ? encoders : Math.max(1, encoders - busy - waiting);
  const rows = Math.ceil(height / available / BLOCK) * BLOCK;
  return Math.min(MOST_ROWS, Math.max(LEAST_ROWS, rows));
}

/** Some rows of an image. */
export interface RowRange {
  /** The first one. */
  readonly y: number;
  readonly height: number;
}

/** @returns strips of `rows` rows that together are `height`, the last one lower where they do not fit */
export function divideRows(height: number, rows: number): readonly RowRange[] {
  return Array.from({ length: Math.ceil(height / rows) }, (_, index) => {
    const y = index * rows;
    return { y, height: Math.min(rows, height - y) };
  });
}

/** @returns the rows in the image's own memory */
export function cutRows({ data, width, channels }: RawPixels, { y, height }: RowRange): RawPixels {
  const row = width * channels;
  return { data: data.subarray(y * row, (y + height) * row), width, height, channels };
}

/**
 * Encodes an image as horizontal strips side by side, and delivers them from the top as soon as they and all above them
 * are done. When this function is done, whether well or not, nothing is being written any more.
 *
 * @param size of the whole image
 * @param rows of each strip but the last
 * @param write turns one strip into bytes; called for all strips at once, top first
 * @param deliver called on the main thread, top first
 * @throws what `write` or `deliver` throws; strips above the failed one were delivered
 */
export async function encodeStrips(
  size: Size,
  rows: number,
  format: OutputFormat,
  write: (strip: RowRange) => Promise<Uint8Array>,
  deliver: (strip: EncodedStrip) => void,
): Promise<void> {
  const { width } = size;
  const strips = divideRows(size.height, rows);
  const encodings = strips.map(write);
  // A failure below one that is still awaited must not count as unhandled; it is met in its turn.
  const settled = Promise.allSettled(encodings);
  try {
    for (const [index, { y, height }] of strips.entries()) {
      const data = (await encodings[index]) as Uint8Array;
      deliver({ index, count: strips.length, y, width, height, format, data });
    }
  } finally {
    await settled;
  }
}
