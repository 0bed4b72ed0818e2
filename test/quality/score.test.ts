import { describe, expect, it } from "vitest";
import { lumaInside } from "../../src/quality/luma.js";
import { meanScore, score } from "../../src/quality/score.js";
import { paint, paintScreentone } from "../support/images.js";

describe("lumaInside", () => {
  it("weighs the colours after BT.601 and rounds", () => {
    const colours = [
      [255, 0, 0],
      [0, 255, 0],
      [0, 0, 255],
      [255, 255, 255],
    ] as const;
    const image = paint(4, 1, (x) => colours[x] ?? [0, 0, 0]);
    expect([...lumaInside(image, 0).data]).toEqual([76, 150, 29, 255]);
  });

  it("leaves the border out on every side", () => {
    const image = paint(6, 5, (x, y) => [x * 10 + y, x * 10 + y, x * 10 + y]);
    expect(lumaInside(image, 2)).toEqual({ data: Uint8Array.of(22, 32), width: 2, height: 1 });
    expect(() => lumaInside(image, 3)).toThrow(/larger than 6 x 6, received 6 x 5/);
  });
});

describe("score", () => {
  const image = paintScreentone(48, 40);

  it("does not see the outer eight pixels", () => {
    const data = image.data.map((value, i) => {
      const [x, y] = [Math.floor(i / 3) % 48, Math.floor(i / 144)];
      return Math.min(x, y, 47 - x, 39 - y) < 8 ? 255 - value : value;
    });
    expect(score(image, { ...image, data })).toEqual({ psnrDb: 100, ssim: expect.closeTo(1, 12) });
  });

  it("gives the textbook PSNR of luma", () => {
    const brighter = paint(48, 40, () => [60, 60, 60]);
    const darker = paint(48, 40, () => [50, 50, 50]);
    expect(score(brighter, darker).psnrDb).toBeCloseTo(20 * Math.log10(25.5), 9);
  });
});

it("takes the mean of decibels and of similarities", () => {
  expect(
    meanScore([
      { psnrDb: 30, ssim: 0.5 },
      { psnrDb: 40, ssim: 1 },
    ]),
  ).toEqual({ psnrDb: 35, ssim: 0.75 });
});
