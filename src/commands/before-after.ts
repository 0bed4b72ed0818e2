import { sharp } from "../stages/sharp.js";

/** Longest sides of the part that is shown, in pixels of the original. */
const SHOWN = { width: 400, height: 520 };
const GAP = 8;
const GAP_COLOUR = { r: 255, g: 255, b: 255 };

/**
 * Puts the middle of a page, enlarged as a viewer without this program would do it (cubic), beside the same part of
 * the upscaled page.
 *
 * @param before the original, encoded
 * @param after the upscaled page, encoded
 * @returns a PNG: before on the left, after on the right
 */
export async function drawBeforeAfter(before: Uint8Array, after: Uint8Array): Promise<Buffer> {
  const upright = await sharp(before)
    .autoOrient()
    .toColourspace("srgb")
    .flatten()
    .png()
    .toBuffer({ resolveWithObject: true });
  const { width: pageWidth = 0 } = await sharp(after).metadata();
  const scale = pageWidth / upright.info.width;
  const width = Math.min(SHOWN.width, upright.info.width);
  const height = Math.min(SHOWN.height, upright.info.height);
  const left = Math.floor((upright.info.width - width) / 2);
  const top = Math.floor((upright.info.height - height) / 2);
  const [wide, high] = [Math.round(width * scale), Math.round(height * scale)];
  const [original, upscaled] = await Promise.all([
    sharp(upright.data)
      .extract({ left, top, width, height })
      .resize(wide, high, { kernel: "cubic", fit: "fill" })
      .png()
      .toBuffer(),
    sharp(after)
      .flatten()
      .extract({ left: Math.round(left * scale), top: Math.round(top * scale), width: wide, height: high })
      .png()
      .toBuffer(),
  ]);
  return sharp({ create: { width: 2 * wide + GAP, height: high, channels: 3, background: GAP_COLOUR } })
    .composite([
      { input: original, left: 0, top: 0 },
      { input: upscaled, left: wide + GAP, top: 0 },
    ])
    .png()
    .toBuffer();
}
