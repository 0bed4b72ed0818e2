import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { configureCodecs } from "../../src/stages/codec-settings.js";
import type { PageJob, PageOptions } from "../../src/stages/job.js";
import { PageScales } from "../../src/stages/page-scales.js";
import { createPageStages } from "../../src/stages/page-stages.js";
import { PagePipeline } from "../../src/stages/pipeline.js";
import { SharpWebpEncoder } from "../../src/stages/sharp-webp.js";
import { numbers, pattern, pngClaiming, rawImage } from "./images.js";
import { NaiveNearestEngine } from "./naive-nearest-engine.js";

beforeAll(configureCodecs);

const OPTIONS: PageOptions = {
  ...{ model: null, scale: null, noise: null, tile: 0, fit: null },
  ...{ format: "png", quality: null, effort: null, lossless: false, strips: false },
};

const TWO = { concurrency: 2, places: 3 };

function setUp() {
  const engine = new NaiveNearestEngine(2);
  const stages = createPageStages(engine, {
    maxInputPixels: 1_000_000,
    programVersion: "1.0.0",
    encoders: 2,
    scales: new PageScales(2, null),
    webp: new SharpWebpEncoder(),
  });
  const pipeline = new PagePipeline(stages, { decode: TWO, upscale: TWO, encode: TWO }, () =>
    performance.now(),
  );
  const jobOf = (data: Uint8Array, change: Partial<PageOptions> = {}): PageJob => ({
    ...{ data, options: { ...OPTIONS, ...change }, priority: 1, signal: new AbortController().signal },
  });
  return {
    engine,
    pipeline,
    process: (...args: Parameters<typeof jobOf>) => pipeline.process(jobOf(...args)),
  };
}

describe("the real stages around a naive engine", () => {
  it("turn bytes into bytes", async () => {
    const { process } = setUp();
    const result = await process(await pattern(13, 7).withMetadata({ orientation: 6 }).png().toBuffer());
    expect(result).toMatchObject({
      page: { width: 14, height: 26, format: "png" },
      source: { width: 13, height: 7, format: "png" },
      ...{
        model: "nearest",
        precision: "fp32",
        tile: 64,
        device: "naive",
        warnings: ["tile was made smaller"],
      },
      cacheKey: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    for (const microseconds of Object.values(result.timings))
      expect(Number.isInteger(microseconds)).toBe(true);
    const wanted = await pattern(13, 7).rotate(90).raw().toBuffer();
    const { data } = await sharp(result.page.data).raw().toBuffer({ resolveWithObject: true });
    // Every second pixel of every second row is the input again.
    const taken = Array.from({ length: 13 * 7 }, (_, at) => (Math.floor(at / 7) * 2 * 14 + (at % 7) * 2) * 3);
    expect(taken.flatMap((at) => numbers(data.subarray(at, at + 3)))).toEqual(numbers(wanted));
  });

  it("keep transparency and greyscale all the way", async () => {
    const greyAlpha = new Uint8Array([200, 255, 100, 128, 0, 0, 255, 255]);
    const { process } = setUp();
    const png = await rawImage(greyAlpha, 4, 1, 2).toColourspace("b-w").png().toBuffer();
    const { page } = await process(png);
    expect(await sharp(page.data).metadata()).toMatchObject({
      space: "b-w",
      channels: 2,
      width: 8,
      height: 2,
    });
    const { data, info } = await sharp(page.data).raw().toBuffer({ resolveWithObject: true });
    const first = Array.from({ length: 4 }, (_, x) =>
      numbers(data.subarray(x * 2 * info.channels, (x * 2 + 1) * info.channels)),
    );
    expect(first.map((values) => [values[0], values.at(-1)])).toEqual([
      [200, 255],
      [100, 128],
      [0, 0],
      [255, 255],
    ]);
  });

  it("refuse a page that could not be written before the engine sees it", async () => {
    const { engine, process } = setUp();
    const tall = await pattern(2, 9000).png().toBuffer();
    await expect(process(tall, { format: "webp" })).rejects.toMatchObject({ code: "output_too_large" });
    expect(engine.received).toEqual([]);
    const { page } = await process(tall, { format: "webp", fit: { width: null, height: 9000 } });
    expect(page).toMatchObject({ width: 2, height: 9000 });
  });

  it("refuse what the decoder or the options forbid, each with its code", async () => {
    const { pipeline, process } = setUp();
    const png = await pattern().png().toBuffer();
    const attempts = [
      process(await pngClaiming(5000, 5000)),
      process(Buffer.from("<svg/>")),
      process(png.subarray(0, png.length / 2)),
      process(png, { scale: 1 }),
      process(png, { model: "other" }),
      process(png, { format: "jpeg", lossless: true }),
    ];
    const codes = await Promise.all(attempts.map((each) => each.catch((error) => error.code)));
    expect(codes).toEqual([
      ...["image_too_large", "unsupported_format", "decode_failed"],
      ...["unsupported_option", "model_not_found", "unsupported_option"],
    ]);
    for (const counters of Object.values(pipeline.counters)) {
      expect(counters).toMatchObject({ waiting: 0, running: 0, holding: 0 });
    }
  });
});
