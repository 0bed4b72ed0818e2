import { expect, it } from "vitest";
import { interpolations, modelContender, modelLabel } from "../../src/quality/contenders.js";
import { enlargementOf } from "../stages/enlargements.js";
import { loadEngine, shippedModel } from "../support/engines.js";
import { paint } from "../support/images.js";

it("names foreign models with their folder, since families share file names", async () => {
  expect(modelLabel(await shippedModel())).toBe("bd2x-fast");
  const paramPath = "models/waifu2x-cunet/noise0_model.param";
  expect(modelLabel({ name: "noise0_model", licence: null, paramPath })).toBe("waifu2x-cunet/noise0_model");
});

it("enlarges by interpolation at every scale", async () => {
  const image = paint(6, 5, () => [9, 8, 7]);
  for (const contender of interpolations(3)) {
    const { width, height } = await (await contender.open()).upscale(image, false);
    expect([contender.modelSha256, width, height]).toEqual([null, 18, 15]);
  }
});

it("tells what a model was computed by, and closes its engine", async () => {
  const model = await shippedModel();
  const engine = await loadEngine(model, -1);
  const opened = await modelContender(model, enlargementOf(2), async () => engine).open();
  expect(opened.computedBy).toBe(`${engine.device.name}, fp32`);
  const image = paint(40, 36, (x, y) => [x, y, 3]);
  expect(await opened.upscale(image, false)).toMatchObject({ width: 80, height: 72 });
  await opened.close();
  await expect(opened.upscale(image, false)).rejects.toThrow();
});

it("runs a model of 2x twice for more, as a worker does", async () => {
  const model = await shippedModel();
  const image = paint(20, 18, (x, y) => [x * 9, y * 9, 3]);
  for (const scale of [3, 4]) {
    const contender = modelContender(model, enlargementOf(scale), () => loadEngine(model, -1));
    expect(contender).toMatchObject({ name: "bd2x-fast, twice", scale });
    const opened = await contender.open();
    expect(await opened.upscale(image, true)).toMatchObject({ width: 20 * scale, height: 18 * scale });
    await opened.close();
  }
});
