import { psnrDb } from "../engine/psnr.js";
import { lumaInside } from "../quality/luma.js";
import { ssim } from "../quality/ssim.js";
import type { PixelBuffer } from "../stages/page.js";

export interface GatePage {
  readonly name: string;
  readonly pixels: PixelBuffer;
}

/** Upscales one image. */
export type Upscale = (image: PixelBuffer) => Promise<PixelBuffer>;

/** How near a result comes to that of the float network: PSNR of all values, SSIM of luma. */
export interface Nearness {
  readonly psnrDb: number;
  readonly ssim: number;
}

export interface GateLimits {
  readonly abovePsnrDb: number;
  readonly aboveSsim: number;
}

export interface ComparedPage extends Nearness {
  readonly name: string;
}

/** What a model must keep on every page. */
export const GATE: GateLimits = { abovePsnrDb: 35, aboveSsim: 0.95 };
/** What it must keep on the pages that its layers are chosen by, since those of the gate are others. */
export const GATE_WITH_MARGIN: GateLimits = { abovePsnrDb: 37, aboveSsim: 0.96 };

/** @returns each page, the farthest from the reference first by PSNR */
export async function compareOnPages(
  reference: Upscale,
  candidate: Upscale,
  pages: readonly GatePage[],
): Promise<readonly ComparedPage[]> {
  const compared: ComparedPage[] = [];
  for (const { name, pixels } of pages) {
    const [expected, found] = [await reference(pixels), await candidate(pixels)];
    compared.push({
      name,
      psnrDb: psnrDb(expected.data, found.data),
      ssim: ssim(lumaInside(expected, 0), lumaInside(found, 0)),
    });
    expected.release?.();
    found.release?.();
  }
  return compared.sort((a, b) => a.psnrDb - b.psnrDb);
}

/** @returns the lowest of each, over all pages */
export function worstOf(pages: readonly ComparedPage[]): Nearness {
  return {
    psnrDb: Math.min(...pages.map((page) => page.psnrDb)),
    ssim: Math.min(...pages.map((page) => page.ssim)),
  };
}

/** @returns false also for no page: nothing was shown then */
export function passes(pages: readonly ComparedPage[], { abovePsnrDb, aboveSsim }: GateLimits): boolean {
  return pages.length > 0 && pages.every((page) => page.psnrDb > abovePsnrDb && page.ssim > aboveSsim);
}
