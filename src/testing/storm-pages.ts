import type { Sharp } from "sharp";
import type { UpscaleOptions } from "../client/client-options.js";
import { sharp } from "../stages/sharp.js";

/** A page to be sent, with how its request is to end when nothing cuts it short: "result" or the code of an error. */
export interface StormPage {
  readonly data: Uint8Array;
  readonly options: UpscaleOptions;
  readonly outcome: string;
  /** How often it comes, against the others. */
  readonly weight: number;
}

/** Grain on a gradient: neither too easy nor too hard for any codec. */
function painted(width: number, height: number, channels: 1 | 3 | 4): Sharp {
  const data = new Uint8Array(width * height * channels);
  let state = 1;
  for (let at = 0; at < data.length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[at] = ((at / channels / 4) & 0xe0) + (state >>> 28);
  }
  const image = sharp(data, { raw: { width, height, channels } });
  return channels === 1 ? image.toColourspace("b-w") : image;
}

/** Pages of every kind that the decoder knows, in small sizes, 8000 pixels high, and damaged. */
export async function stormPages(): Promise<readonly StormPage[]> {
  const jpeg = await painted(160, 240, 3).jpeg().toBuffer();
  const page = async (image: Promise<Buffer>, weight: number, options: UpscaleOptions = {}) => {
    return { data: await image, options, outcome: "result", weight };
  };
  const bad = (data: Uint8Array, outcome: string, options: UpscaleOptions = {}) => {
    return { data, options, outcome, weight: 2 };
  };
  return [
    await page(painted(160, 240, 3).jpeg().toBuffer(), 20),
    await page(painted(300, 200, 3).jpeg({ progressive: true }).toBuffer(), 8, { effort: 0 }),
    await page(painted(120, 180, 3).withMetadata({ orientation: 6 }).jpeg().toBuffer(), 5),
    await page(painted(160, 240, 1).jpeg().toBuffer(), 10),
    await page(painted(160, 240, 1).png().toBuffer(), 8, { format: "png" }),
    await page(painted(100, 140, 4).png().toBuffer(), 6),
    await page(painted(100, 140, 4).webp().toBuffer(), 6, { format: "jpeg" }),
    await page(painted(160, 240, 3).webp().toBuffer(), 8, { format: "jpeg" }),
    await page(painted(160, 240, 3).png({ palette: true }).toBuffer(), 4, { lossless: true }),
    await page(painted(1, 1, 3).png().toBuffer(), 10),
    await page(painted(7, 400, 3).gif().toBuffer(), 4),
    await page(painted(400, 600, 3).jpeg().toBuffer(), 4, { fit: { width: 500, height: 500 } }),
    await page(painted(200, 900, 3).webp({ lossless: true }).toBuffer(), 3, { onStrip: () => undefined }),
    await page(painted(24, 8000, 3).jpeg().toBuffer(), 2),
    await page(painted(16, 8000, 1).png().toBuffer(), 2),
    await page(painted(24, 8000, 3).webp().toBuffer(), 2, { onStrip: () => undefined }),
    bad(jpeg.subarray(0, jpeg.length >> 1), "decode_failed"),
    bad(jpeg.subarray(0, 30), "decode_failed"),
    bad(Buffer.from("%PDF-1.7"), "unsupported_format"),
    bad(jpeg, "unsupported_option", { format: "jpeg", lossless: true }),
    bad(await painted(10, 9000, 3).png().toBuffer(), "output_too_large"),
  ];
}
