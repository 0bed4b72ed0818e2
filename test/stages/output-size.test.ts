import { describe, expect, it } from "vitest";
import type { PageOptions } from "../../src/stages/job.js";
import { expectWritableSize, outputSize } from "../../src/stages/output-size.js";
import { enlargementOf } from "./enlargements.js";

const OPTIONS: PageOptions = {
  ...{ model: null, scale: null, noise: null, tile: 0, fit: null },
  ...{ format: "webp", quality: null, effort: null, lossless: false, strips: false },
};

describe("the output's size", () => {
  it.each([
    ["no fit", { width: 800, height: 1200 }, null, [1600, 2400]],
    ["a larger box", { width: 800, height: 1200 }, { width: 5000, height: 5000 }, [1600, 2400]],
    ["a box of its size", { width: 800, height: 1200 }, { width: 1600, height: 2400 }, [1600, 2400]],
    ["a narrower box", { width: 800, height: 1200 }, { width: 1200, height: null }, [1200, 1800]],
    ["a lower box", { width: 800, height: 1200 }, { width: null, height: 1800 }, [1200, 1800]],
    ["the tighter side", { width: 800, height: 1200 }, { width: 1500, height: 600 }, [400, 600]],
    ["a box below the input", { width: 800, height: 1200 }, { width: 100, height: 100 }, [67, 100]],
    ["a very long strip", { width: 10, height: 8000 }, { width: null, height: 160 }, [1, 160]],
    ["a strip that would vanish", { width: 1, height: 8000 }, { width: null, height: 100 }, [1, 100]],
    ["an empty fit", { width: 3, height: 5 }, { width: null, height: null }, [6, 10]],
  ])("with %s", (_, input, fit, [width, height]) => {
    expect(outputSize(input, 2, fit)).toEqual({ width, height });
  });

  it("never exceeds the box, whatever the rounding", () => {
    for (let side = 1; side < 400; side++) {
      const { width, height } = outputSize({ width: 737, height: 1091 }, 2, { width: side, height: side });
      expect(Math.max(width, height)).toBeLessThanOrEqual(side);
    }
  });
});

describe("the format's limit", () => {
  const check =
    (height: number, change: Partial<PageOptions> = {}) =>
    () =>
      expectWritableSize({ width: 700, height }, enlargementOf(2), { ...OPTIONS, ...change });

  it("is WebP's 16383, to the pixel", () => {
    expect(check(8191)).not.toThrow();
    expect(check(8192)).toThrow(expect.objectContaining({ code: "output_too_large" }));
  });

  it("is told with both sizes and the way out", () => {
    expect(check(9000)).toThrow(
      "expected the output to fit webp's limit of 16383 x 16383 pixels, received 1400 x 18000 (700 x 9000 upscaled 2x): ask for fit with a height of at most 16383, for strips, or for another format",
    );
  });

  it("is kept by fit, or by another format with its own limit", () => {
    expect(check(9000, { fit: { width: null, height: 16383 } })).not.toThrow();
    expect(check(9000, { format: "jpeg" })).not.toThrow();
    expect(check(33_000, { format: "jpeg" })).toThrow(/jpeg's limit of 65500/);
    expect(check(33_000, { format: "png" })).not.toThrow();
  });

  it("holds for each strip where strips are wanted, and for the width always", () => {
    expect(check(9000, { strips: true })).not.toThrow();
    const wide = () =>
      expectWritableSize({ width: 9000, height: 700 }, enlargementOf(2), { ...OPTIONS, strips: true });
    expect(wide).toThrow(/fit with a width of at most 16383, or for another format/);
  });
});
