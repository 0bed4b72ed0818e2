import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { CPU_INDEX } from "../../src/engine/select-device.js";
import { PACKAGE_ROOT } from "../../src/package-root.js";
import { loadEngine, never, shippedModel } from "../support/engines.js";

const FIXTURE = join(PACKAGE_ROOT, "test", "fixtures", "bd2x-fast");

interface Expected {
  readonly weights: { readonly sha256: string };
  readonly page: {
    readonly file: string;
    readonly shape: readonly [number, number, number];
    readonly sha256: string;
  };
}

const expected = JSON.parse(readFileSync(join(FIXTURE, "expected.json"), "utf8")) as Expected;

describe("the shipped weights", () => {
  it("are those that the stored expectation was computed with", async () => {
    const { binPath } = await shippedModel();
    expect(createHash("sha256").update(readFileSync(binPath)).digest("hex")).toBe(expected.weights.sha256);
  });

  it("give in ncnn what PyTorch computed with them before they were exported", async () => {
    const { data, info } = await sharp(join(FIXTURE, "input.png"))
      .raw()
      .toBuffer({ resolveWithObject: true });
    const engine = await loadEngine(await shippedModel(), CPU_INDEX);
    const image = { data, width: info.width, height: info.height, channels: 3 } as const;
    const { image: upscaled } = await engine.upscale(image, { tile: 0, signal: never });
    await engine.close();
    const stored = readFileSync(join(FIXTURE, expected.page.file));
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
