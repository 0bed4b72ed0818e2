import { describe, expect, it } from "vitest";
import { quantizeWeights, toInt8 } from "../../src/quantize/int8-weights.js";
import { seededRandom } from "../support/images.js";

describe("quantizeWeights", () => {
  it("gives each output channel a scale by its largest weight", () => {
    const { data, scales } = quantizeWeights(Float32Array.of(0.5, -0.25, 0, 0.001, 0.0021, -0.004), 2);
    expect([...scales]).toEqual([254, Math.fround(127 / Math.fround(0.004))]);
    expect([...data]).toEqual([127, -64, 0, 32, 67, -127]);
  });

  it("comes back within half a level", () => {
    const random = seededRandom(3);
    const weights = Float32Array.from({ length: 8 * 72 }, () => random() - 0.5);
    const { data, scales } = quantizeWeights(weights, 8);
    for (const [at, weight] of weights.entries()) {
      const scale = scales[Math.floor(at / 72)] ?? Number.NaN;
      expect(Math.abs((data[at] ?? Number.NaN) / scale - weight)).toBeLessThanOrEqual(0.501 / scale);
    }
  });

  it("takes a channel of zeros", () => {
    const { data, scales } = quantizeWeights(new Float32Array(9), 1);
    expect([...data, ...scales]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  });

  it("leaves room for 576 times the sum of a wide layer, as integer Winograd needs", () => {
    // 512 input channels of equal weights: at full scale the sum would be far beyond 32 bits.
    const { data, scales } = quantizeWeights(new Float32Array(512 * 9).fill(0.1), 1);
    const sum = data.reduce((total, value) => total + Math.abs(value), 0);
    expect(sum * 127 * 576).toBeLessThan(2 ** 31);
    expect(sum * 127 * 576).toBeGreaterThan(2 ** 30);
    expect((data[0] ?? Number.NaN) / (scales[0] ?? Number.NaN)).toBeCloseTo(0.1, 2);
  });
});

it("rounds half away from zero and clamps to 127 on both sides", () => {
  expect([0.5, -0.5, 1.49, 126.5, 127.4, 300, -300].map(toInt8)).toEqual([1, -1, 1, 127, 127, 127, -127]);
});
