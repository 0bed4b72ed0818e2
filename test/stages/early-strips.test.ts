import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import type { RowReader, UpscaledImage, UpscaleOptions } from "../../src/engine/engine.js";
import { UpscalerError } from "../../src/errors.js";
import { configureCodecs } from "../../src/stages/codec-settings.js";
import { canBeginEarly } from "../../src/stages/early-strips.js";
import type { PageJob, PageOptions } from "../../src/stages/job.js";
import type { EncodedStrip, Page, PixelBuffer } from "../../src/stages/page.js";
import { PageScales } from "../../src/stages/page-scales.js";
import { createPageStages } from "../../src/stages/page-stages.js";
import { SharpWebpEncoder } from "../../src/stages/sharp-webp.js";
import type { WebpEncoder } from "../../src/stages/webp-encoder.js";
import { paintScreentone } from "../support/images.js";
import { OPTIONS, settled } from "./controlled-stages.js";
import { enlargementOf } from "./enlargements.js";
import { NaiveNearestEngine } from "./naive-nearest-engine.js";

beforeAll(configureCodecs);

const STRIPS: PageOptions = { ...OPTIONS, format: "png", strips: true };

function pageOf(colour: PixelBuffer, change: Partial<Page> = {}): Page {
  const source = { width: colour.width, height: colour.height, format: "png" };
  return { colour, alpha: null, greyscale: false, source, warnings: [], ...change };
}

/** Waits for the test to say how many rows are final, and how the work ends. */
class RowEngine extends NaiveNearestEngine {
  whole: PixelBuffer | null = null;
  reader: RowReader | undefined;
  end: (failure?: unknown) => void = () => undefined;
  #begun: () => void = () => undefined;
  readonly begun = new Promise<void>((resolve) => {
    this.#begun = resolve;
  });

  override async upscale(image: PixelBuffer, options: UpscaleOptions): Promise<UpscaledImage> {
    const upscaled = await super.upscale(image, options);
    this.whole = upscaled.image;
    this.reader = options.rowReader;
    const ending = new Promise<void>((resolve, reject) => {
      this.end = (failure) => (failure === undefined ? resolve() : reject(failure));
    });
    this.#begun();
    await ending;
    return upscaled;
  }

  show(rows: number): void {
    if (this.whole !== null) this.reader?.onRows(this.whole, rows);
  }
}

async function setUp(change: Partial<PageOptions> = {}, webp: WebpEncoder = new SharpWebpEncoder()) {
  const engine = new RowEngine(2);
  const scales = new PageScales(2, null);
  const settings = { maxInputPixels: 1e6, programVersion: "1", encoders: 2, webp, scales };
  const stages = createPageStages(engine, settings);
  const strips: EncodedStrip[] = [];
  let told: () => void = () => undefined;
  const controller = new AbortController();
  const job: PageJob = {
    ...{ data: new Uint8Array(1), options: { ...STRIPS, ...change }, priority: 2, signal: controller.signal },
    onStrip: (strip) => {
      strips.push(strip);
      told();
    },
  };
  const page = pageOf(paintScreentone(40, 700));
  const upscaling = stages.upscale(page, job);
  // Looked at later; a failure must not count as unhandled until then.
  upscaling.catch(() => undefined);
  await engine.begun;
  /** Waits until that many strips have been delivered. */
  const delivered = async (count: number) => {
    while (strips.length < count) {
      await new Promise<void>((resolve) => {
        told = resolve;
      });
    }
  };
  return { engine, stages, strips, job, upscaling, delivered, controller };
}

const pixelsOf = async (strips: readonly EncodedStrip[]) =>
  Buffer.concat(await Promise.all(strips.map(({ data }) => sharp(data).removeAlpha().raw().toBuffer())));

describe("strips", () => {
  it("are delivered while lower rows are still being upscaled, and together are the page", async () => {
    const { engine, stages, strips, job, upscaling, delivered } = await setUp();
    engine.show(200);
    engine.show(600);
    await delivered(2);
    expect(strips.map(({ y, height }) => [y, height])).toEqual([
      [0, 256],
      [256, 256],
    ]);
    engine.end();
    const { page } = await upscaling;
    const encoded = await stages.encode(page, job);
    expect(encoded.page).toMatchObject({ width: 80, height: 1400, format: "png" });
    expect(encoded.page.data.length).toBe(0);
    expect(strips.map(({ index, count }) => [index, count])).toEqual([0, 1, 2, 3, 4, 5].map((i) => [i, 6]));
    expect(Buffer.compare(await pixelsOf(strips), engine.whole?.data ?? Buffer.alloc(0))).toBe(0);
  });

  it("go on with another image when the work has to begin anew, and leave the first one alone", async () => {
    const { engine, stages, strips, job, upscaling, delivered } = await setUp();
    engine.show(300);
    await delivered(1);
    const first = engine.whole;
    engine.show(600);
    await engine.reader?.letGo();
    // Whatever is read from it now is wrong.
    first?.data.fill(0);
    const again = paintScreentone(80, 1400);
    engine.reader?.onRows(again, 520);
    engine.reader?.onRows(again, 1400);
    engine.end();
    await stages.encode((await upscaling).page, job);
    const pixels = await pixelsOf(strips);
    const row = 80 * 3;
    expect(Buffer.compare(pixels.subarray(512 * row), Buffer.from(again.data.subarray(512 * row)))).toBe(0);
    expect(pixels.subarray(0, 512 * row).every((value) => value === 0)).toBe(false);
  });

  it("fail with the upscaling, and nothing of them is left waiting", async () => {
    const { engine, strips, upscaling, delivered } = await setUp();
    engine.show(300);
    await delivered(1);
    const failure = new UpscalerError("gpu_lost", "gone");
    engine.end(failure);
    await expect(upscaling).rejects.toBe(failure);
    expect(strips.length).toBe(1);
  });

  it("are not delivered any more once the page is given up", async () => {
    const { engine, strips, upscaling, delivered, controller } = await setUp();
    engine.show(300);
    await delivered(1);
    const reason = new UpscalerError("cancelled", "not wanted");
    controller.abort(reason);
    engine.show(1400);
    engine.end(reason);
    await expect(upscaling).rejects.toBe(reason);
    await engine.reader?.letGo();
    expect(strips.length).toBe(1);
  });

  it("are left to the encode stage when all rows come at once", async () => {
    const { engine, stages, strips, job, upscaling } = await setUp();
    engine.show(1400);
    engine.end();
    const { page } = await upscaling;
    expect(strips).toEqual([]);
    await stages.encode(page, job);
    expect(Buffer.compare(await pixelsOf(strips), engine.whole?.data ?? Buffer.alloc(0))).toBe(0);
  });

  it("keep the page's memory until they are written, also when the page is given up before the encode stage", async () => {
    const written: (() => void)[] = [];
    const slow: WebpEncoder = {
      name: "slow",
      encode: () => new Promise((resolve) => written.push(() => resolve(new Uint8Array(1)))),
    };
    const { engine, upscaling, controller } = await setUp({ format: "webp" }, slow);
    let released = 0;
    Object.assign(engine.whole ?? {}, { release: () => released++ });
    engine.show(600);
    engine.end();
    await upscaling;
    controller.abort(new UpscalerError("cancelled", "not wanted"));
    while (written.length < 2) await settled();
    expect(released).toBe(0);
    for (const finish of written) finish();
    while (released === 0) await settled();
    expect(written.length).toBe(2);
  });

  it("tell a failure of the encoder from the encode stage", async () => {
    const { engine, stages, job, upscaling } = await setUp();
    const failing = new Error("no disk");
    const { onStrip: _onStrip, ...quiet } = job;
    const refusing: PageJob = {
      ...quiet,
      onStrip: () => {
        throw failing;
      },
    };
    engine.end();
    await upscaling;
    const again = stages.upscale(pageOf(paintScreentone(40, 700)), refusing);
    await settled();
    engine.show(600);
    engine.end();
    const { page } = await again;
    await expect(stages.encode(page, refusing)).rejects.toMatchObject({
      code: "encode_failed",
      message: "cannot write the page as png in 80 x 1400 pixels",
    });
  });
});

describe("canBeginEarly", () => {
  const colour = paintScreentone(40, 30);
  const job = (change: Partial<PageOptions>) =>
    ({ options: { ...STRIPS, ...change } }) as Pick<PageJob, "options"> as PageJob;

  it("holds for an opaque page in strips and in the upscaled size", () => {
    expect(canBeginEarly(pageOf(colour), job({}), enlargementOf(2))).toBe(true);
    expect(canBeginEarly(pageOf(colour), job({ fit: { width: 80, height: null } }), enlargementOf(2))).toBe(
      true,
    );
  });

  it.each([
    ["as one image", pageOf(colour), job({ strips: false })],
    ["shrunk to fit", pageOf(colour), job({ fit: { width: 79, height: null } })],
    ["with transparency", pageOf(colour, { alpha: { ...colour, channels: 1 } }), job({})],
  ])("does not hold for a page %s", (_name, page, given) => {
    expect(canBeginEarly(page, given, enlargementOf(2))).toBe(false);
  });

  it("holds for the rows of a second pass, but not where they are shrunk", () => {
    expect(canBeginEarly(pageOf(colour), job({}), enlargementOf(4))).toBe(true);
    expect(canBeginEarly(pageOf(colour), job({}), enlargementOf(3))).toBe(false);
  });
});
