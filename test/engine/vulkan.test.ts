import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { NcnnEngine } from "../../src/engine/ncnn-engine.js";
import { CPU_INDEX } from "../../src/engine/select-device.js";
import type { ResolvedModel } from "../../src/models/catalogue.js";
import { loadEngine, never, shippedModel, vulkanDevices } from "../support/engines.js";
import { compare, paintScreentone } from "../support/images.js";

const WHOLE = 4096;
const FP16_STORAGE = {
  ...{ fp16Storage: true, fp16Arithmetic: false, winograd: false, cooperativeMatrix: true },
  directConvolution: false,
} as const;
const [device] = vulkanDevices;
const image = paintScreentone(150, 110);
let model: ResolvedModel;
const opened: NcnnEngine[] = [];

async function upscale(deviceIndex: number, precision: "fp32" | "fp16", tile = WHOLE): Promise<Uint8Array> {
  const engine = await loadEngine(model, deviceIndex, { precision });
  opened.push(engine);
  expect(engine.precision).toBe(precision);
  return (await engine.upscale(image, { tile, signal: never })).image.data;
}

beforeAll(async () => {
  model = await shippedModel();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((engine) => engine.close()));
});

describe.skipIf(!device)(`Vulkan on ${device?.name ?? "no device: install mesa-vulkan-drivers"}`, () => {
  const index = device?.index ?? 0;

  it("gives the CPU's result within one level at fp32", async () => {
    const difference = compare(await upscale(index, "fp32"), await upscale(CPU_INDEX, "fp32"));
    expect(difference.largest).toBeLessThanOrEqual(1);
    expect(difference.share).toBeLessThan(0.001);
  });

  it.skipIf(!device?.fp16Storage)("stays above 50 dB of the CPU at fp16", async ({ annotate }) => {
    const difference = compare(await upscale(index, "fp16"), await upscale(CPU_INDEX, "fp32"));
    await annotate(`fp16 against fp32 on ${device?.name}: ${JSON.stringify(difference)}`);
    // Otherwise fp32 ran in both cases.
    expect(difference.count).toBeGreaterThan(0);
    expect(difference.psnr).toBeGreaterThan(50);
  });

  it.skipIf(!device?.fp16Storage)("gives nearly the same with fused convolutions", async () => {
    const load = (fusedConvolution: "off" | "plain") =>
      loadEngine(model, index, { arithmetic: { ...FP16_STORAGE, fusedConvolution } });
    const engines = await Promise.all([load("off"), load("plain")]);
    opened.push(...engines);
    const small = paintScreentone(53, 37);
    const [separate, fused] = await Promise.all(
      engines.map(async (engine) => (await engine.upscale(small, { tile: WHOLE, signal: never })).image.data),
    );
    const difference = compare(fused ?? new Uint8Array(), separate ?? new Uint8Array());
    // Sums in another order round otherwise in places: without any difference nothing was fused.
    expect(difference.count).toBeGreaterThan(0);
    expect(difference.largest).toBeLessThanOrEqual(1);
    expect(difference.psnr).toBeGreaterThan(50);
  });

  it("gives the whole image's result in tiles within one level", async () => {
    const difference = compare(await upscale(index, "fp32", 48), await upscale(index, "fp32"));
    expect(difference.largest).toBeLessThanOrEqual(1);
    expect(difference.share).toBeLessThan(1e-4);
  });

  it.each([
    [41, 23, WHOLE],
    [43, 30, WHOLE],
    [64, 40, 32],
    [1, 1, WHOLE],
    [1, 50, 32],
  ])(
    "gives the CPU's result for %i x %i pixels in tiles of %i, whatever the rows' length in words",
    async (width, height, tile) => {
      const odd = paintScreentone(width, height);
      const [gpu, cpu] = await Promise.all([index, CPU_INDEX].map((each) => loadEngine(model, each)));
      if (!gpu || !cpu) return expect.fail("expected two engines");
      opened.push(gpu, cpu);
      const results = await Promise.all(
        [gpu, cpu].map((engine) => engine.upscale(odd, { tile, signal: never })),
      );
      const [onGpu, onCpu] = results.map(({ image: { data } }) => data);
      expect(compare(onGpu ?? new Uint8Array(), onCpu ?? new Uint8Array()).largest).toBeLessThanOrEqual(1);
    },
  );

  it("writes pixels into memory that is given back by release, and serves the next page", async () => {
    const engine = await loadEngine(model, index);
    opened.push(engine);
    let previous: Uint8Array | null = null;
    for (let i = 0; i < 3; i++) {
      const { image: upscaled } = await engine.upscale(image, { tile: WHOLE, signal: never });
      const data = Uint8Array.from(upscaled.data);
      upscaled.release?.();
      expect(upscaled.data).toHaveLength(0);
      if (previous) expect(compare(data, previous).count).toBe(0);
      previous = data;
    }
  });

  it("is released by close, so that many engines can follow one another", async () => {
    for (let i = 0; i < 5; i++) {
      const engine = await loadEngine(model, index);
      await engine.upscale(paintScreentone(24, 24, i), { tile: 0, signal: never });
      await engine.close();
    }
  });
});
