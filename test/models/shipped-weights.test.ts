import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { CPU_INDEX } from "../../src/engine/select-device.js";
import { ModelCatalogue } from "../../src/models/catalogue.js";
import { PACKAGE_ROOT } from "../../src/package-root.js";
import { loadEngine, never, shippedModel } from "../support/engines.js";

interface Expected {
  readonly weights: { readonly sha256: string };
  readonly page: {
    readonly file: string;
    readonly shape: readonly [number, number, number];
    readonly sha256: string;
  };
}

const MODELS = ["bd2x-fast", "bd2x"];
const FIXTURES = join(PACKAGE_ROOT, "test", "fixtures");

it("of every model that is shipped are held against an expectation", async () => {
  const catalogue = await ModelCatalogue.open(join(PACKAGE_ROOT, "models"));
  expect(catalogue.list().map(({ name }) => name)).toEqual(MODELS);
});

describe.each(MODELS)("the shipped weights of %s", (name) => {
  const at = (file: string): string => join(FIXTURES, name, file);
  const expected = JSON.parse(readFileSync(at("expected.json"), "utf8")) as Expected;
  const digestOf = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");

  it("are those that the stored expectation was computed with", async () => {
    const { binPath } = await shippedModel(name);
    expect(digestOf(binPath)).toBe(expected.weights.sha256);
    expect(digestOf(at(expected.page.file))).toBe(expected.page.sha256);
  });

  it("give in ncnn what PyTorch computed with them before they were exported", async () => {
    const { data, info } = await sharp(at("input.png")).raw().toBuffer({ resolveWithObject: true });
    const engine = await loadEngine(await shippedModel(name), CPU_INDEX);
    const image = { data, width: info.width, height: info.height, channels: 3 } as const;
    const { image: upscaled } = await engine.upscale(image, { tile: 0, signal: never });
    await engine.close();
    const stored = readFileSync(at(expected.page.file));
    const [channels, height, width] = expected.page.shape;
    expect(upscaled).toMatchObject({ width, height, channels });
    const worst = upscaled.data.reduce((most, value, i) => {
      const [pixel, channel] = [Math.floor(i / channels), i % channels];
      const exact = stored.readFloatLE(4 * (channel * width * height + pixel)) * 255;
      return Math.max(most, Math.abs(value - Math.min(255, Math.max(0, exact))));
    }, 0);
    // Half a level is rounding to bytes; the rest is one fp32 sum against another.
    expect(worst).toBeLessThan(0.51);
  });
});
