import { describe, expect, it } from "vitest";
import type { LumaPlane } from "../../src/quality/luma.js";
import { ssim } from "../../src/quality/ssim.js";
import { seededRandom } from "../support/images.js";

function plane(width: number, height: number, value: (x: number, y: number) => number): LumaPlane {
  const data = Uint8Array.from({ length: width * height }, (_, i) => value(i % width, Math.floor(i / width)));
  return { data, width, height };
}

/** The definition, window by window: no separable filter, deviations from the mean instead of mean squares. */
function naively(a: LumaPlane, b: LumaPlane): number {
  const weights: number[] = [];
  for (let y = -5; y <= 5; y++) {
    for (let x = -5; x <= 5; x++) weights.push(Math.exp(-(x * x + y * y) / 4.5));
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const values: number[] = [];
  for (let top = 0; top + 11 <= a.height; top++) {
    for (let left = 0; left + 11 <= a.width; left++) {
      const mean = (of: (index: number) => number): number => {
        let sum = 0;
        for (const [i, weight] of weights.entries()) {
          sum += (weight / total) * of((top + Math.floor(i / 11)) * a.width + left + (i % 11));
        }
        return sum;
      };
      const at = (of: LumaPlane) => (index: number) => of.data[index] ?? Number.NaN;
      const [ma, mb] = [mean(at(a)), mean(at(b))];
      const va = mean((i) => (at(a)(i) - ma) ** 2);
      const vb = mean((i) => (at(b)(i) - mb) ** 2);
      const covariance = mean((i) => (at(a)(i) - ma) * (at(b)(i) - mb));
      values.push(
        ((2 * ma * mb + 6.5025) * (2 * covariance + 58.5225)) /
          ((ma ** 2 + mb ** 2 + 6.5025) * (va + vb + 58.5225)),
      );
    }
  }
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

const random = seededRandom(11);
const noise = plane(40, 31, () => Math.floor(random() * 256));
const ramp = plane(40, 31, (x, y) => (x * 6 + y * 2) % 256);
const blended = plane(
  40,
  31,
  (x, y) => ((noise.data[y * 40 + x] ?? 0) + 3 * (ramp.data[y * 40 + x] ?? 0)) / 4,
);

describe("ssim", () => {
  it.each<[string, LumaPlane, LumaPlane]>([
    ["noise and a ramp", noise, ramp],
    ["a ramp and the same with noise", ramp, blended],
    ["two flat planes", plane(12, 30, () => 10), plane(12, 30, () => 200)],
    ["a single window", plane(11, 11, (x) => x * 20), plane(11, 11, (x, y) => x * 20 + (y % 3))],
  ])("is what its definition gives for %s", (_, a, b) => {
    expect(ssim(a, b)).toBeCloseTo(naively(a, b), 9);
  });

  it("is 1 for equal planes, less for a shifted one, and negative for an inverted one", () => {
    expect(ssim(noise, noise)).toBeCloseTo(1, 12);
    expect(
      ssim(
        ramp,
        plane(40, 31, (x, y) => ((x + 1) * 6 + y * 2) % 256),
      ),
    ).toBeLessThan(0.99);
    expect(ssim(noise, { ...noise, data: noise.data.map((value) => 255 - value) })).toBeLessThan(0);
  });

  it("refuses two sizes and planes smaller than its window", () => {
    expect(() =>
      ssim(
        noise,
        plane(31, 40, () => 0),
      ),
    ).toThrow(/of one size.*40 x 31 and 31 x 40/);
    expect(() =>
      ssim(
        plane(10, 40, () => 0),
        plane(10, 40, () => 0),
      ),
    ).toThrow(/at least 11 x 11/);
  });
});
