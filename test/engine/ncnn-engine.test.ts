import { copyFile, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { NcnnEngine } from "../../src/engine/ncnn-engine.js";
import { CPU_INDEX } from "../../src/engine/select-device.js";
import { UpscalerError } from "../../src/errors.js";
import type { ResolvedModel } from "../../src/models/catalogue.js";
import { loadEngine, never, shippedModel } from "../support/engines.js";
import { compare, paint, paintScreentone } from "../support/images.js";
import { runNaively } from "../support/naive-network.js";

const WHOLE = 4096;
let model: ResolvedModel;
const opened: NcnnEngine[] = [];

async function open(options: Parameters<typeof loadEngine>[2] = {}, changed: Partial<ResolvedModel> = {}) {
  const engine = await loadEngine({ ...model, ...changed }, CPU_INDEX, options);
  opened.push(engine);
  return engine;
}

beforeAll(async () => {
  model = await shippedModel();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((engine) => engine.close()));
});

describe("the arithmetic", () => {
  it("agrees with a naive network in double precision, edges included", async () => {
    const image = paintScreentone(37, 29);
    const engine = await open();
    const { image: upscaled } = await engine.upscale(image, { tile: WHOLE, signal: never });
    const exact = runNaively(model, image);
    expect(upscaled).toMatchObject({ width: 74, height: 58 });
    const worst = upscaled.data.reduce((most, value, i) => {
      const target = Math.min(255, Math.max(0, exact[i] ?? Number.NaN));
      return Math.max(most, Math.abs(value - target));
    }, 0);
    // Half a level is rounding to bytes; the rest is fp32 against fp64.
    expect(worst).toBeLessThan(0.501);
  });

  it.each([
    [1, 1],
    [1, 40],
    [2, 3],
    [9, 1],
    [15, 17],
  ])("handles %i x %i pixels, smaller than the network's reach", async (width, height) => {
    const image = paintScreentone(width, height);
    const engine = await open();
    const { image: upscaled } = await engine.upscale(image, { tile: 0, signal: never });
    const exact = runNaively(model, image);
    const worst = upscaled.data.reduce((most, value, i) => {
      return Math.max(most, Math.abs(value - Math.min(255, Math.max(0, exact[i] ?? Number.NaN))));
    }, 0);
    expect(worst).toBeLessThan(0.501);
  });

  it("keeps white white and black black", async () => {
    const engine = await open();
    for (const level of [0, 255]) {
      const { image } = await engine.upscale(
        paint(50, 20, () => [level, level, level]),
        { tile: 0, signal: never },
      );
      expect(Math.max(...image.data.map((value) => Math.abs(value - level)))).toBeLessThanOrEqual(2);
    }
  });
});

describe("tiles", () => {
  const image = paintScreentone(301, 157);

  it.each([true, false])("equal the whole image bit for bit without Winograd, direct: %s", async (direct) => {
    const engine = await open({ winograd: false, directConvolution: direct });
    const whole = await engine.upscale(image, { tile: WHOLE, signal: never });
    for (const tile of [32, 45, 64, 128, 256]) {
      const tiled = await engine.upscale(image, { tile, signal: never });
      expect({ tile, ...compare(tiled.image.data, whole.image.data) }).toMatchObject({ count: 0 });
    }
  });

  it("are those that ncnn's convolutions give, but for one level in fewer than 1 of 10,000 values", async () => {
    const direct = await open();
    const ncnns = await open({ directConvolution: false });
    const [one, other] = await Promise.all(
      [direct, ncnns].map((engine) => engine.upscale(image, { tile: 64, signal: never })),
    );
    const { share, largest } = compare(one?.image.data ?? image.data, other?.image.data ?? image.data);
    expect(largest).toBeLessThanOrEqual(1);
    expect(share).toBeLessThan(1e-4);
  });

  it("differ from the whole image by at most one level in fewer than 1 of 10,000 values with Winograd", async () => {
    const engine = await open({ directConvolution: false });
    const whole = await engine.upscale(image, { tile: WHOLE, signal: never });
    for (const tile of [32, 64, 128, 256]) {
      const { image: tiled } = await engine.upscale(image, { tile, signal: never });
      const { share, largest } = compare(tiled.data, whole.image.data);
      expect(largest).toBeLessThanOrEqual(1);
      expect(share).toBeLessThan(1e-4);
    }
  });

  it("show a seam when they overlap by less than the receptive radius", async () => {
    const engine = await open({ winograd: false }, { overlap: model.overlap - 2 * model.alignment });
    const whole = await engine.upscale(image, { tile: WHOLE, signal: never });
    const tiled = await engine.upscale(image, { tile: 64, signal: never });
    expect(compare(tiled.image.data, whole.image.data).count).toBeGreaterThan(0);
  });

  it("are counted for progress and reported as used", async () => {
    const engine = await open();
    const seen: [number, number][] = [];
    const onTile = (done: number, total: number) => void seen.push([done, total]);
    const result = await engine.upscale(image, { tile: 100, signal: never, onTile });
    // The last tile may be told after the end, when nobody listens any more.
    expect(new Set(seen.map(([, total]) => total))).toEqual(new Set([8]));
    expect(seen.at(-1)?.[0]).toBeGreaterThanOrEqual(7);
    expect(seen.map(([done]) => done)).toEqual([...seen.map(([done]) => done)].sort((a, b) => a - b));
    expect(result.tile).toBe(100);
  });
});

describe("cancelling", () => {
  it("rejects with the signal's reason, running or waiting, and leaves the engine usable", async () => {
    const engine = await open();
    const image = paintScreentone(600, 400);
    const reason = new UpscalerError("cancelled", "the reader turned the page");
    const controllers = [new AbortController(), new AbortController()];
    const jobs = controllers.map(({ signal }) =>
      engine.upscale(image, { tile: 32, signal, onTile: () => controllers[0]?.abort(reason) }),
    );
    controllers[1]?.abort(reason);
    const outcomes = await Promise.allSettled(jobs);
    expect(outcomes).toEqual([
      { status: "rejected", reason },
      { status: "rejected", reason },
    ]);
    const after = await engine.upscale(paintScreentone(20, 20), { tile: 0, signal: never });
    expect(after.image.width).toBe(40);
  });

  it("does not start for a signal that is aborted already", async () => {
    const engine = await open();
    const reason = new UpscalerError("deadline_exceeded", "too late");
    const attempt = engine.upscale(paintScreentone(20, 20), { tile: 0, signal: AbortSignal.abort(reason) });
    await expect(attempt).rejects.toBe(reason);
  });
});

describe("closing", () => {
  it("may be called twice, ends running work and refuses new work", async () => {
    const engine = await open();
    const running = engine.upscale(paintScreentone(900, 600), { tile: 32, signal: never });
    const refused = expect(running).rejects.toMatchObject({ code: "cancelled" });
    await Promise.all([engine.close(), engine.close()]);
    await refused;
    await engine.close();
    await expect(engine.upscale(paintScreentone(20, 20), { tile: 0, signal: never })).rejects.toMatchObject({
      code: "shutting_down",
    });
  });
});

describe("model files that cannot be loaded", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "bdreader-model-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("fails with gpu_init_failed for truncated weights", async () => {
    const binPath = join(folder, "short.bin");
    await copyFile(model.binPath, binPath);
    await truncate(binPath, 1000);
    await expect(open({}, { binPath })).rejects.toMatchObject({
      code: "gpu_init_failed",
      message: expect.stringContaining("short.bin"),
    });
  });

  it("fails with gpu_init_failed for a graph with an operator that is not built in", async () => {
    const paramPath = join(folder, "odd.param");
    await writeFile(paramPath, "7767517\n2 2\nInput in 0 1 data\nMultiHeadAttention odd 1 1 data output\n");
    await expect(open({}, { paramPath })).rejects.toMatchObject({ code: "gpu_init_failed" });
  });

  it("fails typed when the network's output has another size than the model says", async () => {
    const engine = await open({}, { scale: 3 });
    const attempt = engine.upscale(paintScreentone(40, 30), { tile: 0, signal: never });
    const sizeAt = (scale: number): string =>
      [40, 30].map((length) => scale * (length + 2 * model.overlap)).join("x");
    await expect(attempt).rejects.toMatchObject({
      code: "internal",
      detail: expect.stringContaining(
        `expected ${sizeAt(3)} pixels from the network, received ${sizeAt(model.scale)}`,
      ),
    });
  });
});
