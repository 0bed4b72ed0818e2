import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CPU_INDEX } from "../../src/engine/select-device.js";
import { type ResolvedModel, resolveForeignModel } from "../../src/models/catalogue.js";
import { loadEngine, never, vulkanDevices } from "../support/engines.js";
import { paint } from "../support/images.js";

const INPUTS = 3;
const WEIGHTS = INPUTS * 12;
const PARAM = `7767517
3 3
Input data 0 1 data
Convolution conv 1 1 data wide 0=12 1=1 5=1 6=${WEIGHTS}
PixelShuffle shuffle 1 1 wide output 0=2
`;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bdreader-output-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A network that gives the same value everywhere plus its input times a weight. */
async function network(name: string, weight: number, bias: number): Promise<ResolvedModel> {
  const values = [0, ...Array(WEIGHTS).fill(weight), ...Array(12).fill(bias)];
  const bin = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => void (i === 0 ? bin.writeUInt32LE(0) : bin.writeFloatLE(value, i * 4)));
  await writeFile(join(folder, `${name}.param`), PARAM);
  await writeFile(join(folder, `${name}.bin`), bin);
  return resolveForeignModel(join(folder, `${name}.param`));
}

const bright = paint(40, 30, (x, y) => [x * 5, y * 5, 200]);
const dark = paint(40, 30, () => [12, 9, 20]);

describe.each([
  ["the CPU", CPU_INDEX],
  ["Vulkan", 0],
])("what a network gives on %s", (_, index) => {
  describe.skipIf(index >= vulkanDevices.length)("is checked:", () => {
    it("black from a page that was not is an error, not a page", async () => {
      const engine = await loadEngine(await network("black", 0, 0), index);
      const attempt = engine.upscale(bright, { tile: 32, signal: never });
      await expect(attempt).rejects.toMatchObject({ code: "internal", detail: /received black.* 200/ });
      await engine.close();
    });

    it("black from a nearly black page is a page", async () => {
      const engine = await loadEngine(await network("dark", 0, 0), index);
      const { image } = await engine.upscale(dark, { tile: 32, signal: never });
      expect(Math.max(...image.data)).toBe(0);
      await engine.close();
    });

    it("numbers beyond all bounds are an error", async () => {
      const engine = await loadEngine(await network("infinite", 3e38, 0), index);
      const attempt = engine.upscale(bright, { tile: 32, signal: never });
      await expect(attempt).rejects.toMatchObject({ code: "internal", detail: /expected finite pixels/ });
      await engine.close();
    });
  });
});
