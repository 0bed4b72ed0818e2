import sharp, { type Sharp } from "sharp";
import { SILENT_LOG } from "../../src/log.js";
import { EffortChoice } from "../../src/stages/choose-effort.js";
import { encodePage as encodeJob } from "../../src/stages/encode.js";
import { Encoders } from "../../src/stages/encoders.js";
import type { PageJob, PageOptions } from "../../src/stages/job.js";
import type { Page } from "../../src/stages/page.js";
import { openWebpEncoder } from "../../src/stages/webp-encoder.js";
import { drawn } from "./images.js";

/** Pages for the encode stage, and how its tests give them to it. */

export const OPTIONS: PageOptions = {
  ...{ model: null, scale: null, noise: null, tile: 0, fit: null },
  ...{ format: "webp", quality: null, effort: null, lossless: false, strips: false },
};
export const LOSSLESS: PageOptions = { ...OPTIONS, format: "png" };

export function jobOf(options: PageOptions, change: Partial<PageJob> = {}): PageJob {
  const { signal } = new AbortController();
  return { data: new Uint8Array(100), options, priority: 1, signal, ...change };
}

/** What the program writes with. */
export const tools = (encoders: number) => ({
  encoders: new Encoders(encoders),
  effort: new EffortChoice(),
  webp: openWebpEncoder(SILENT_LOG),
});

/** @param inputBytes size of the encoded input */
export function encodePage(page: Page, options: PageOptions, inputBytes: number) {
  return encodeJob(page, jobOf(options, { data: new Uint8Array(inputBytes) }), tools(2));
}

export async function pageOf(image: Sharp, change: Partial<Page> = {}): Promise<Page> {
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  return {
    colour: { data, width: info.width, height: info.height, channels: 3 },
    ...{ alpha: null, greyscale: false, source: { width: 1, height: 1, format: "png" }, warnings: [] },
    ...change,
  };
}

export const smooth = (width = 96, height = 64) => drawn(width, height, (x, y) => [x * 2, y * 3, 128]);
export const pixels = async (data: Uint8Array) => sharp(data).raw().toBuffer({ resolveWithObject: true });

/** Noise in every pixel, so that sizes depend on quality. */
export const noisy = () =>
  drawn(128, 128, (x, y) => [(x * 97 + y * 57) % 256, (x * 31 + y * 89) % 256, (x * y) % 256]);
