import { describe, expect, it } from "vitest";
import { psnrDb } from "../../src/engine/psnr.js";

describe("psnrDb", () => {
  it("is infinite for equal values and 0 for black against white", () => {
    expect(psnrDb(new Uint8Array([1, 2, 3]), new Uint8Array([1, 2, 3]))).toBe(Number.POSITIVE_INFINITY);
    expect(psnrDb(new Uint8Array([0, 255]), new Uint8Array([255, 0]))).toBe(0);
  });

  it("is 48.13 dB when every value is one level off, 10 dB more when a tenth of them are", () => {
    const a = new Uint8Array(100).fill(7);
    expect(psnrDb(a, new Uint8Array(100).fill(8))).toBeCloseTo(48.1308, 4);
    expect(
      psnrDb(
        a,
        a.map((value, i) => (i < 10 ? value - 1 : value)),
      ),
    ).toBeCloseTo(58.1308, 4);
  });

  it("refuses images of two sizes, and nothing", () => {
    expect(() => psnrDb(new Uint8Array(3), new Uint8Array(6))).toThrow(/received 3 and 6 values/);
    expect(() => psnrDb(new Uint8Array(), new Uint8Array())).toThrow(RangeError);
  });
});
