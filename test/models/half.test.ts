import { describe, expect, it } from "vitest";
import { fromHalf, toHalf } from "../../src/models/half.js";

describe("toHalf", () => {
  it("gives every finite half back", () => {
    for (let bits = 0; bits < 0x1_0000; bits++) {
      if ((bits & 0x7c00) === 0x7c00) continue;
      const value = fromHalf(bits);
      if (toHalf(value) !== bits)
        throw new Error(`0x${bits.toString(16)} is ${value}, which gave ${toHalf(value)}`);
    }
  });

  it("takes the nearer neighbour, and the even one of two equally near", () => {
    for (let bits = 0; bits < 0x7bff; bits++) {
      const [low, high] = [fromHalf(bits), fromHalf(bits + 1)];
      const middle = (low + high) / 2;
      const even = bits % 2 === 0 ? bits : bits + 1;
      const given = [middle, (low + 3 * high) / 4, (3 * low + high) / 4].map(toHalf);
      if (given[0] !== even || given[1] !== bits + 1 || given[2] !== bits)
        throw new Error(`between ${low} and ${high}: ${given}`);
    }
  });

  it.each([
    [1, 0x3c00],
    [-2, 0xc000],
    [0.1, 0x2e66],
    [65504, 0x7bff],
    [65519.99, 0x7bff],
    [2 ** -24, 1],
    [2 ** -25, 0],
    [-0, 0x8000],
  ])("writes %d as IEEE 754 does", (value, bits) => {
    expect(toHalf(value)).toBe(bits);
  });

  it("has no half for what would become infinite, nor for no number", () => {
    expect([65520, -65520, 1e30, Number.POSITIVE_INFINITY, Number.NaN].map(toHalf)).toEqual(
      Array(5).fill(null),
    );
  });
});
