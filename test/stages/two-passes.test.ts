import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { boundMemory } from "../../src/commands/open-stages.js";
import type { UpscaledImage, UpscaleOptions } from "../../src/engine/engine.js";
import { UpscalerError } from "../../src/errors.js";
import { createLog } from "../../src/log.js";
import { configureCodecs } from "../../src/stages/codec-settings.js";
import type { PageJob, PageOptions } from "../../src/stages/job.js";
import type { PixelBuffer } from "../../src/stages/page.js";
import { PageScales } from "../../src/stages/page-scales.js";
import { createPageStages } from "../../src/stages/page-stages.js";
import { PagePipeline } from "../../src/stages/pipeline.js";
import { SharpWebpEncoder } from "../../src/stages/sharp-webp.js";
import { OPTIONS } from "./controlled-stages.js";
import { pattern, pngClaiming, rawImage } from "./images.js";
import { NaiveNearestEngine } from "./naive-nearest-engine.js";

beforeAll(configureCodecs);

const FEW_PINNED = 2;

/** One lane that images queue for, and memory of its own for few results: the others get JavaScript's. */
class OneLaneEngine extends NaiveNearestEngine {
  pinned = 0;
  /** Called when the n-th image is at its first tile. */
  onPass: (pass: number) => void = () => undefined;
  #lane: Promise<void> = Promise.resolve();

  override upscale(image: PixelBuffer, options: UpscaleOptions): Promise<UpscaledImage> {
    const isPinned = this.pinned < FEW_PINNED;
    if (isPinned) this.pinned++;
    const release = () => void this.pinned--;
    const made = this.#lane.then(async () => {
      try {
        await new Promise((resolve) => setImmediate(resolve));
        const pass = this.received.length;
        const upscaled = await super.upscale(image, {
          ...options,
          onTile: (done, total) => {
            options.signal.throwIfAborted();
            options.onTile?.(done, total);
            if (done === 1) this.onPass(pass);
          },
        });
        return isPinned ? { ...upscaled, image: { ...upscaled.image, release } } : upscaled;
      } catch (thrown) {
        if (isPinned) release();
        throw thrown;
      }
    });
    this.#lane = made.then(
      () => undefined,
      () => undefined,
    );
    return made;
  }
}

const MANY = { concurrency: 8, places: 9 };
const LOG = createLog(() => undefined, { least: "error" });

function setUp(usual: number | null = null) {
  const engine = new OneLaneEngine(2);
  const scales = new PageScales(2, usual);
  const limits = { maxInputPixels: 64e6, maxMemoryMb: 512 };
  const webp = new SharpWebpEncoder();
  const stages = createPageStages(engine, { ...limits, programVersion: "1", encoders: 2, webp, scales });
  const pipeline = new PagePipeline(stages, { decode: MANY, upscale: MANY, encode: MANY }, () => 0);
  const { processor, memory } = boundMemory(pipeline, stages, { engine, scales }, limits, LOG);
  const start = (data: Uint8Array, change: Partial<PageOptions> = {}, more: Partial<PageJob> = {}) => {
    const options: PageOptions = { ...OPTIONS, format: "png", ...change };
    return processor.process({ data, options, priority: 1, signal: new AbortController().signal, ...more });
  };
  return { engine, memory, start };
}

const colour = (side = 24) =>
  pattern(side, side + 3)
    .png()
    .toBuffer();

function transparent(): Promise<Buffer> {
  const data = Uint8Array.from({ length: 20 * 10 * 4 }, (_, at) => (at * 37) % 256);
  return rawImage(data, 20, 10, 4).png().toBuffer();
}

describe("pages in two passes", () => {
  it("get through one lane side by side, whatever their scales, and leave nothing behind", async () => {
    const { engine, memory, start } = setUp();
    const [page, withAlpha] = [await colour(), await transparent()];
    const asked = [4, null, 3, 4, 2, 3, 4, 4];
    const made = await Promise.all([
      ...asked.map((scale) => start(page, { scale })),
      ...[3, 4].map((scale) => start(withAlpha, { scale })),
    ]);
    const sizes = made.map(({ page: { width, height } }) => [width, height]);
    expect(sizes).toEqual([
      ...asked.map((scale) => [24 * (scale ?? 2), 27 * (scale ?? 2)]),
      ...[3, 4].map((scale) => [20 * scale, 10 * scale]),
    ]);
    expect([engine.pinned, memory.counters.used]).toEqual([0, 0]);
  });

  it("are what the usual scale says, and have keys of their own", async () => {
    const page = await colour();
    const [byUsual, byRequest, plain] = [
      await setUp(4).start(page),
      await setUp().start(page, { scale: 4 }),
      await setUp().start(page),
    ];
    expect(byUsual.page).toMatchObject({ width: 96, height: 108 });
    expect(byUsual.cacheKey).toBe(byRequest.cacheKey);
    expect(plain.cacheKey).not.toBe(byRequest.cacheKey);
    expect((await setUp().start(page, { scale: 2 })).cacheKey).toBe(plain.cacheKey);
    expect((await setUp().start(page, { scale: 3 })).cacheKey).not.toBe(byRequest.cacheKey);
  });

  it.each([3, 4])("to %ix that are cancelled in the second one give everything back", async (scale) => {
    const { engine, memory, start } = setUp();
    const controller = new AbortController();
    const reason = new UpscalerError("cancelled", "cancelled");
    engine.onPass = (pass) => {
      if (pass === 1) controller.abort(reason);
    };
    await expect(start(await colour(), { scale }, { signal: controller.signal })).rejects.toBe(reason);
    expect(engine.received.map(({ width }) => width)).toEqual([24, 48]);
    expect([engine.pinned, memory.counters.used]).toEqual([0, 0]);
  });
});

describe("a page of 3x", () => {
  it("is the 4x one shrunk as for fit, colour in encoded values", async () => {
    const page = await colour();
    const { start } = setUp();
    const [three, byFit] = [
      await start(page, { scale: 3 }),
      await start(page, { scale: 4, fit: { width: 72, height: 81 } }),
    ];
    expect(three.page).toMatchObject({ width: 72, height: 81 });
    expect(Buffer.compare(three.page.data, byFit.page.data)).toBe(0);
  });

  it("keeps the light of screentone in a page without colour, as fit does", async () => {
    const dots = Uint8Array.from({ length: 32 * 32 }, (_, at) => ((at + (at >> 5)) % 2) * 255);
    const page = await rawImage(dots, 32, 32, 1).toColourspace("b-w").png().toBuffer();
    const { start } = setUp();
    const [three, byFit] = [
      await start(page, { scale: 3 }),
      await start(page, { scale: 4, fit: { width: 96, height: null } }),
    ];
    expect(Buffer.compare(three.page.data, byFit.page.data)).toBe(0);
    expect((await sharp(three.page.data).metadata()).space).toBe("b-w");
  });

  it("that has to fit is shrunk once, straight to that size", async () => {
    const page = await colour();
    const fit = { width: 60, height: null };
    const { start } = setUp();
    const [three, four] = [await start(page, { scale: 3, fit }), await start(page, { scale: 4, fit })];
    expect(three.page).toMatchObject({ width: 60, height: 68 });
    expect(Buffer.compare(three.page.data, four.page.data)).toBe(0);
  });

  it("has alpha of the same size", async () => {
    const { page } = await setUp().start(await transparent(), { scale: 3 });
    expect(await sharp(page.data).metadata()).toMatchObject({ width: 60, height: 30, channels: 4 });
  });

  it("comes in strips when they are asked for", async () => {
    const rows: number[] = [];
    const more = { onStrip: ({ height }: { height: number }) => void rows.push(height) };
    const { page } = await setUp().start(await colour(200), { scale: 3, strips: true }, more);
    expect(page).toMatchObject({ width: 600, height: 609 });
    expect(rows.reduce((sum, each) => sum + each, 0)).toBe(609);
  });
});

describe("a page that is too large in two passes", () => {
  // The pixels of these are not there: reading them would end in decode_failed.
  it.each<[string, [number, number], Partial<PageOptions>, string, RegExp]>([
    [
      "for its format",
      [100, 4096],
      { format: "webp", scale: 4 },
      "output_too_large",
      /400 x 16384 .*upscaled 4x/,
    ],
    ["for its format at 3x", [100, 5462], { format: "webp", scale: 3 }, "output_too_large", /300 x 16386/],
    ["for memory", [3000, 2000], { scale: 4 }, "out_of_memory", /--max-memory/],
    ["for the engine", [2, 65_537], { scale: 4 }, "output_too_large", /at most 65536 pixels for 4x/],
  ])("%s is refused from its header", async (_name, [width, height], change, code, message) => {
    const { engine, memory, start } = setUp();
    const refused = start(await pngClaiming(width, height), change);
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect([engine.received.length, memory.counters.peak]).toEqual([0, 0]);
  });

  it("may do in one pass", async () => {
    const { start } = setUp();
    const [tall, large, thin] = [
      await pngClaiming(100, 4096),
      await pngClaiming(3000, 2000),
      await pngClaiming(2, 65_537),
    ];
    const attempts = [start(tall, { format: "webp" }), start(large), start(thin)];
    const codes = await Promise.all(attempts.map((each) => each.catch(({ code }) => code)));
    expect(codes).toEqual(attempts.map(() => "decode_failed"));
  });
});
