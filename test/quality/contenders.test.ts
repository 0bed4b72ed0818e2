import { expect, it } from "vitest";
import { interpolations, modelContender, modelLabel } from "../../src/quality/contenders.js";
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
    const { width, height } = await (await contender.open()).upscale(image);
    expect([contender.modelSha256, width, height]).toEqual([null, 18, 15]);
  }
});

it("tells what a model was computed by, and closes its engine", async () => {
  const model = await shippedModel();
  const engine = await loadEngine(model, -1);
  const opened = await modelContender(model, async () => engine).open();
  expect(opened.computedBy).toBe(`${engine.device.name}, fp32`);
  const image = paint(40, 36, (x, y) => [x, y, 3]);
  expect(await opened.upscale(image)).toMatchObject({ width: 80, height: 72 });
  await opened.close();
  await expect(opened.upscale(image)).rejects.toThrow();
});
