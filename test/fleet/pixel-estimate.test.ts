import { describe, expect, it } from "vitest";
import { PixelEstimate } from "../../src/fleet/pixel-estimate.js";

const jpeg = (bytes: number) => Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.alloc(bytes - 3)]);
const png = (bytes: number) =>
  Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), Buffer.alloc(bytes - 8)]);

describe("PixelEstimate", () => {
  it("goes by bytes before anything is known", () => {
    expect(new PixelEstimate().estimate(jpeg(300))).toBe(300);
  });

  it("learns each format by itself, and takes an unknown one for average", () => {
    const estimate = new PixelEstimate();
    estimate.learn(jpeg(100), 1000);
    estimate.learn(png(100), 200);
    expect(estimate.estimate(jpeg(50))).toBeCloseTo(500);
    expect(estimate.estimate(png(50))).toBeCloseTo(100);
    expect(estimate.estimate(Buffer.from("GIF89a____"))).toBeCloseTo(60);
  });

  it("follows slowly", () => {
    const estimate = new PixelEstimate();
    estimate.learn(jpeg(100), 1000);
    estimate.learn(jpeg(100), 2000);
    expect(estimate.estimate(jpeg(100))).toBeCloseTo(1100);
  });

  it("is above nothing for what has no bytes to speak of", () => {
    const estimate = new PixelEstimate();
    estimate.learn(png(1000), 1);
    expect(estimate.estimate(png(8))).toBe(1);
  });
});
