import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NcnnEngine } from "../../src/engine/ncnn-engine.js";
import { resolveForeignModel } from "../../src/models/catalogue.js";
import { paramText } from "../models/graphs.js";
import { loadEngine, vulkanDevices } from "../support/engines.js";
import { paint } from "../support/images.js";

let folder: string;
let engine: NcnnEngine;

/** Three channels are doubled, negated and made zero, then taken as they are. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "observe-"));
  await writeFile(
    join(folder, "m.param"),
    paramText(
      "Input i 0 1 in",
      "Convolution a 1 1 in x 0=3 1=1 5=1 6=9",
      "Convolution b 1 1 x out 0=3 1=1 6=9",
    ),
  );
  const floats = (...values: number[]) => Buffer.from(Float32Array.from(values).buffer);
  const identity = floats(0, 1, 0, 0, 0, 1, 0, 0, 0, 1);
  await writeFile(
    join(folder, "m.bin"),
    Buffer.concat([floats(0, 2, 0, 0, 0, -1, 0, 0, 0, 0), floats(0, 0, 0), identity]),
  );
  engine = await loadEngine(await resolveForeignModel(folder), -1);
});
afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true });
});

const image = paint(16, 16, (x, y) => [x + 16 * y, x + 16 * y, 255]);
const { data: input, width, height } = image;
const size = { input, width, height };

describe("observeBlobs", () => {
  it("tells the largest magnitude of the input and of what comes out of a layer", async () => {
    const named = ["in", "x"].map((name) => ({ name, limit: 0 }));
    const [first, second] = await engine.observeBlobs({ ...size, blobs: named, bins: 4 });
    expect(first).toEqual({ peak: 1, counts: new Uint32Array(0) });
    expect(second).toEqual({ peak: 2, counts: new Uint32Array(0) });
  });

  it("counts magnitudes without zeros, and what is too large in the last bin", async () => {
    const blobs = [
      { name: "x", limit: 2 },
      { name: "x", limit: 0.5 },
    ];
    const [whole, clipped] = await engine.observeBlobs({ ...size, blobs, bins: 4 });
    const values = Array.from({ length: 256 }, (_, i) => [(2 * i) / 255, i / 255]).flat();
    const histogram = (limit: number) => {
      const counts = [0, 0, 0, 0];
      for (const value of values.filter((one) => one > 0)) {
        const bin = Math.min(3, Math.floor((value / limit) * 4));
        counts[bin] = (counts[bin] ?? 0) + 1;
      }
      return counts;
    };
    expect([...(whole?.counts ?? [])]).toEqual(histogram(2));
    expect([...(clipped?.counts ?? [])]).toEqual(histogram(0.5));
  });

  it("says which blob is not there", async () => {
    const blobs = [{ name: "nowhere", limit: 0 }];
    await expect(engine.observeBlobs({ ...size, blobs, bins: 4 })).rejects.toMatchObject({
      code: "model_invalid",
      message: expect.stringContaining("nowhere"),
    });
  });

  it.each<[string, object, RegExp]>([
    ["fewer pixels than the size says", { width: 17 }, /816 bytes for input/],
    ["an image too large", { width: 4096 }, /from 1 to 2048.*width/],
    ["no bins", { bins: 0 }, /bins/],
    ["a limit that is not a number", { blobs: [{ name: "x", limit: Number.NaN }] }, /limit/],
    ["something else than blobs", { blobs: "x" }, /blobs/],
  ])("refuses %s", async (_, changed, message) => {
    const asked = { ...size, blobs: [{ name: "x", limit: 1 }], bins: 4, ...changed };
    await expect(async () => engine.observeBlobs(asked)).rejects.toThrow(message);
  });

  it.skipIf(vulkanDevices.length === 0)("is for the CPU only", async () => {
    const onGpu = await loadEngine(await resolveForeignModel(folder), 0);
    const blobs = [{ name: "x", limit: 1 }];
    await expect(onGpu.observeBlobs({ ...size, blobs, bins: 4 })).rejects.toThrow(/expected the CPU/);
    await onGpu.close();
  });
});
