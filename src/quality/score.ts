import { psnrDb } from "../engine/psnr.js";
import type { PixelBuffer } from "../stages/page.js";
import { lumaInside } from "./luma.js";
import { ssim } from "./ssim.js";

/** Upscalers differ most in what they make up behind the image's edges, which pages seldom show. */
export const SCORED_BORDER = 8;

/** Identical images have no finite value, and a mean needs one. */
const MOST_DB = 100;

/** How near an image comes to the original: both on luma, without the border. */
export interface Score {
  /** At most 100. */
  readonly psnrDb: number;
  readonly ssim: number;
}

/** @throws {RangeError} two sizes, or images too small to be scored */
export function score(original: PixelBuffer, image: PixelBuffer): Score {
  const [a, b] = [lumaInside(original, SCORED_BORDER), lumaInside(image, SCORED_BORDER)];
  return { psnrDb: Math.min(MOST_DB, psnrDb(a.data, b.data)), ssim: ssim(a, b) };
}

/** @returns the means; NaN for none */
export function meanScore(scores: readonly Score[]): Score {
  const mean = (of: (one: Score) => number) => scores.reduce((sum, one) => sum + of(one), 0) / scores.length;
  return { psnrDb: mean((one) => one.psnrDb), ssim: mean((one) => one.ssim) };
}
