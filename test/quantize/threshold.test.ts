import { describe, expect, it } from "vitest";
import { klThreshold, percentileThreshold } from "../../src/quantize/threshold.js";

const BINS = 2048;
const histogram = (count: (bin: number) => number) =>
  Float64Array.from({ length: BINS }, (_, bin) => count(bin));

describe("percentileThreshold", () => {
  const counts = [90, 9, 0, 1];

  it.each([
    [90, 1],
    [90.1, 2],
    [99, 2],
    [100, 4],
  ])("keeps %d percent", (percent, threshold) => {
    expect(percentileThreshold(counts, 4, percent)).toBe(threshold);
  });

  it("keeps everything of nothing", () => {
    expect(percentileThreshold([0, 0], 8, 100)).toBeGreaterThan(0);
  });
});

describe("klThreshold", () => {
  it("keeps all of an even distribution", () => {
    expect(
      klThreshold(
        histogram(() => 10),
        2,
      ),
    ).toBe(2);
  });

  it("clips a few far values, so that the many near ones get finer levels", () => {
    const counts = histogram((bin) => (bin < 300 ? 1000 * Math.exp(-bin / 60) : 0));
    counts[BINS - 1] = 1;
    const threshold = klThreshold(counts, 1);
    expect(threshold).toBeGreaterThan(128 / BINS);
    expect(threshold).toBeLessThan(400 / BINS);
  });

  it("does not clip what carries much of the weight", () => {
    const counts = histogram((bin) => (bin < 200 ? 10 : 0));
    for (let bin = 1900; bin < BINS; bin++) counts[bin] = 50;
    expect(klThreshold(counts, 1)).toBeGreaterThan(1900 / BINS);
  });
});
