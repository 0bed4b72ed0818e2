import { describe, expect, it } from "vitest";
import { clipText, toU32 } from "../../src/session/wire-values.js";

describe("clipText", () => {
  it.each([
    ["short", 10, "short"],
    ["exactly", 7, "exactly"],
    ["longer", 4, "long"],
    ["éé", 3, "é"],
    ["🙂🙂", 7, "🙂"],
    ["🙂", 3, ""],
    ["", 3, ""],
  ])("%s in %i bytes", (text, bytes, clipped) => {
    expect(clipText(text, bytes)).toBe(clipped);
  });

  it("replaces what UTF-8 cannot carry", () => {
    expect(clipText("a\ud800b", 10)).toBe("a\ufffdb");
  });
});

describe("toU32", () => {
  it.each([
    [0.4, 0],
    [0.5, 1],
    [-5, 0],
    [2 ** 32, 2 ** 32 - 1],
    [Number.POSITIVE_INFINITY, 2 ** 32 - 1],
    [Number.NaN, 0],
    [-0.2, 0],
  ])("%d becomes %d", (value, expected) => {
    expect(Math.abs(toU32(value) - expected)).toBe(0);
    expect(Number.isInteger(toU32(value))).toBe(true);
  });
});
