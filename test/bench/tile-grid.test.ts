import { describe, expect, it } from "vitest";
import { tileGrid } from "../../src/bench/tile-grid.js";

const page = { width: 800, height: 1201 };

describe("tileGrid", () => {
  it("is one tile of the page's size, rounded up to the alignment, with its overlap", () => {
    expect(tileGrid(page, 1201, { overlap: 8, alignment: 1 })).toEqual({
      ...{ tiles: 1, input: { width: 816, height: 1217 } },
    });
    expect(tileGrid(page, 4096, { overlap: 8, alignment: 4 }).input).toEqual({ width: 816, height: 1220 });
  });

  it("divides into nearly equal tiles that start at multiples of 12", () => {
    // 800 in 2 of 400, rounded to 408; 1201 in 3 of 401, rounded to 408.
    expect(tileGrid(page, 512, { overlap: 8, alignment: 1 })).toEqual({
      ...{ tiles: 6, input: { width: 424, height: 424 } },
    });
  });

  it("does not divide a side that the tile covers, though it is no multiple of 12", () => {
    expect(tileGrid({ width: 805, height: 2000 }, 810, { overlap: 0, alignment: 1 })).toEqual({
      ...{ tiles: 3, input: { width: 816, height: 672 } },
    });
  });

  it("respects an alignment that 12 is no multiple of", () => {
    const { input } = tileGrid(page, 100, { overlap: 0, alignment: 8 });
    expect([input.width % 24, input.height % 24]).toEqual([0, 0]);
    expect(input.width).toBeLessThanOrEqual(100);
  });
});
