import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { NcnnEngine } from "../../src/engine/ncnn-engine.js";
import type { ResolvedModel } from "../../src/models/catalogue.js";
import {
  loadEngine,
  never,
  shippedModel,
  type TestEngineOptions,
  vulkanDevices,
} from "../support/engines.js";
import { compare, paintScreentone } from "../support/images.js";

const WHOLE = 4096;
const [device] = vulkanDevices;
let model: ResolvedModel;
const opened: NcnnEngine[] = [];

async function open(options: TestEngineOptions): Promise<NcnnEngine> {
  const engine = await loadEngine(model, device?.index ?? 0, options);
  opened.push(engine);
  return engine;
}

beforeAll(async () => {
  model = await shippedModel();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((engine) => engine.close()));
});

describe.skipIf(!device)("the memory ladder", () => {
  const image = paintScreentone(200, 120);

  it("halves the tile until it fits, gives the same picture and says so", async () => {
    const free = await open({});
    const whole = await free.upscale(image, { tile: WHOLE, signal: never });
    const cap = Math.floor(free.memory().peakMb / 2);
    const capped = await open({ maxMemoryMb: cap });
    const tiled = await capped.upscale(image, { tile: WHOLE, signal: never });
    expect(tiled.tile).toBe(100);
    expect(tiled.warnings).toEqual(["tile_reduced: memory ran out, tile 100 instead of 200"]);
    expect(capped.memory().peakMb).toBeLessThanOrEqual(cap);
    const difference = compare(tiled.image.data, whole.image.data);
    expect(difference.largest).toBeLessThanOrEqual(1);
    expect(difference.share).toBeLessThan(1e-4);
  });

  it("ends typed when even the smallest tile does not fit, and leaves the engine usable", async () => {
    const engine = await open({ maxMemoryMb: 4 });
    const attempt = engine.upscale(image, { tile: WHOLE, signal: never });
    await expect(attempt).rejects.toMatchObject({ code: "out_of_memory" });
    const small = await engine.upscale(paintScreentone(8, 8), { tile: 0, signal: never });
    expect(small.image.width).toBe(16);
  });

  it("is not needed when the engine chooses: its tile fits the cap at once", async () => {
    const engine = await open({ maxMemoryMb: 16 });
    const { tile, warnings } = await engine.upscale(image, { tile: 0, signal: never });
    expect(tile).toBeLessThan(200);
    expect(warnings).toEqual([]);
    expect(engine.memory().peakMb).toBeLessThanOrEqual(16);
  });
});

describe.skipIf(!device)("pages of many sizes", () => {
  it("keep no more memory than the last one needed", async () => {
    const held: number[] = [];
    const engine = await open({});
    const sizes = [60, 33, 90, 47, 71, 120, 38, 64, 101, 55];
    for (const size of [...sizes, ...sizes]) {
      await engine.upscale(paintScreentone(size, 40), { tile: WHOLE, signal: never });
      held.push(engine.memory().heldMb);
    }
    expect(held.slice(sizes.length)).toEqual(held.slice(0, sizes.length));
    const smallest = Math.min(...held);
    expect(Math.max(...held)).toBeLessThanOrEqual(smallest * 4);
  });
});

describe.skipIf(!device)("a lost device", () => {
  const image = paintScreentone(40, 30);

  it("fails what is at work and everything after it with gpu_lost, and can still be closed", async () => {
    const engine = await open({ loseDeviceAfter: 2 });
    await engine.upscale(image, { tile: 0, signal: never });
    const outcomes = await Promise.allSettled(
      [1, 2, 3].map(() => engine.upscale(image, { tile: 0, signal: never })),
    );
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "gpu_lost" } });
    }
    await expect(engine.upscale(image, { tile: 0, signal: never })).rejects.toMatchObject({
      code: "gpu_lost",
    });
    await engine.close();
  });

  it("is not taken for missing memory: no smaller tile is tried", async () => {
    const engine = await open({ loseDeviceAfter: 1 });
    const onTile = () => expect.fail("a tile was finished");
    const attempt = engine.upscale(image, { tile: 32, signal: never, onTile });
    await expect(attempt).rejects.toMatchObject({ code: "gpu_lost" });
  });
});
