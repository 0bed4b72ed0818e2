import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine, UpscaledImage } from "../../src/engine/engine.js";
import type { PixelBuffer } from "../../src/stages/page.js";
import { TtaEngine } from "../../src/stages/tta-engine.js";
import { loadEngine, never, shippedModel } from "../support/engines.js";
import { compare, paint, paintScreentone } from "../support/images.js";
import { NaiveNearestEngine } from "./naive-nearest-engine.js";

const options = { tile: null, signal: never };

/** The pixel of `image` at a place, as three values. */
function pixel({ data, width }: PixelBuffer, x: number, y: number): [number, number, number] {
  const at = (y * width + x) * 3;
  return [data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0];
}

/** Moves every pixel by hand: mirrored left to right, then turned clockwise by quarters. */
function view(image: PixelBuffer, mirrored: boolean, quarters: number): PixelBuffer {
  let seen = mirrored
    ? paint(image.width, image.height, (x, y) => pixel(image, image.width - 1 - x, y))
    : image;
  for (let turn = 0; turn < quarters; turn++) {
    const before = seen;
    seen = paint(before.height, before.width, (x, y) => pixel(before, y, before.height - 1 - x));
  }
  return seen;
}

async function averageByHand(engine: Engine, image: PixelBuffer): Promise<Uint8Array> {
  const sums = new Float64Array(image.data.length * engine.scale ** 2);
  for (const mirrored of [false, true]) {
    for (let quarters = 0; quarters < 4; quarters++) {
      const made = await engine.upscale(view(image, mirrored, quarters), options);
      const upright = view(view(made.image, false, (4 - quarters) % 4), mirrored, 0);
      for (const [index, value] of upright.data.entries()) sums[index] = (sums[index] ?? 0) + value;
    }
  }
  return Uint8Array.from(sums, (sum) => Math.round(sum / 8));
}

describe("TtaEngine", () => {
  let network: Engine;
  beforeAll(async () => {
    network = await loadEngine(await shippedModel(), -1);
  });
  afterAll(() => network.close());

  it("is the mean over all orientations, which differs from one of them", async () => {
    const image = paintScreentone(45, 32);
    const { image: made } = await new TtaEngine(network).upscale(image, options);
    expect(made).toMatchObject({ width: 90, height: 64, channels: 3 });
    expect(compare(made.data, await averageByHand(network, image)).largest).toBe(0);
    const alone = await network.upscale(image, options);
    const { psnr, largest } = compare(made.data, alone.image.data);
    expect(largest).toBeGreaterThan(0);
    expect(psnr).toBeGreaterThan(30);
  });

  it("changes nothing where the engine has no direction", async () => {
    const image = paint(7, 5, (x, y) => [x * 30, y * 50, x * y]);
    const engine = new NaiveNearestEngine();
    const plain = await engine.upscale(image, options);
    const { image: made } = await new TtaEngine(engine).upscale(image, options);
    expect([...made.data]).toEqual([...plain.image.data]);
  });

  it("gives the memory of every orientation back, also when one fails", async () => {
    let given = 0;
    let calls = 0;
    const nearest = new NaiveNearestEngine();
    const engine: Engine = Object.assign(Object.create(nearest), {
      async upscale(image: PixelBuffer): Promise<UpscaledImage> {
        if (++calls > 11) throw new Error("enough");
        const made = await nearest.upscale(image, options);
        return { ...made, image: { ...made.image, release: () => given++ } };
      },
    });
    const image = paint(4, 3, () => [1, 2, 3]);
    await new TtaEngine(engine).upscale(image, options);
    expect(given).toBe(8);
    await expect(new TtaEngine(engine).upscale(image, options)).rejects.toThrow("enough");
    expect(given).toBe(11);
  });

  it("shows nobody rows of a single orientation", async () => {
    const read: number[] = [];
    const rowReader = {
      onRows: (_: PixelBuffer, rows: number) => read.push(rows),
      letGo: async () => undefined,
    };
    const image = paintScreentone(64, 64);
    await new TtaEngine(network).upscale(image, { ...options, tile: 32, rowReader });
    expect(read).toEqual([]);
  });

  it("counts tiles over all orientations, and has a key of its own", async () => {
    const engine = new NaiveNearestEngine();
    const seen: [number, number][] = [];
    const tta = new TtaEngine(engine);
    await tta.upscale(
      paint(4, 4, () => [0, 0, 0]),
      { ...options, onTile: (...tiles) => seen.push(tiles) },
    );
    // Two tiles in each orientation.
    expect(seen).toEqual(Array.from({ length: 16 }, (_, index) => [index + 1, 16]));
    expect(tta.modelSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(tta.modelSha256).not.toBe(engine.modelSha256);
    expect(tta).toMatchObject({ scale: engine.scale, model: engine.model });
  });
});
