import type { Sharp } from "sharp";
import type { PageOptions } from "./job.js";
import type { EncodedStrip } from "./page.js";
import { imageOf } from "./planes.js";

/**
 * About as many rows in one strip: fewer start sooner, but each has the cost of a whole image in its format, and
 * prediction does not reach across a strip's edge.
 */
const ROWS = 512;

/** @returns heights of strips that together are `height`, equal but for the last, which may be lower */
export function divideRows(height: number): readonly { readonly y: number; readonly height: number }[] {
  const count = Math.ceil(height / ROWS);
  const rows = Math.ceil(height / count);
  return Array.from({ length: count }, (_, index) => {
    const y = index * rows;
    return { y, height: Math.min(rows, height - y) };
  }).filter((strip) => strip.height > 0);
}

/**
 * Encodes an image as horizontal strips side by side on the codecs' threads, and delivers them from the top as soon as
 * they and all above them are done.
 *
 * @param image in its final size, with 1, 3 or 4 channels
 * @param write turns one strip into bytes
 * @param deliver called on the main thread, top first
 * @throws what `write` throws; strips above the failed one were delivered
 */
export async function encodeStrips(
  image: Sharp,
  format: PageOptions["format"],
  write: (strip: Sharp) => Promise<{ data: Uint8Array }>,
  deliver: (strip: EncodedStrip) => void,
): Promise<void> {
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  const { width, channels } = info;
  const strips = divideRows(info.height);
  const encodings = strips.map(({ y, height }) => {
    const rows = data.subarray(y * width * channels, (y + height) * width * channels);
    return write(imageOf({ data: rows, width, height, channels }));
  });
  // A failure below one that is still awaited must not count as unhandled; it is met in its turn.
  for (const encoding of encodings) encoding.catch(() => undefined);
  for (const [index, { y, height }] of strips.entries()) {
    const { data: encoded } = (await encodings[index]) as { data: Uint8Array };
    deliver({ index, count: strips.length, y, width, height, format, data: encoded });
  }
}
