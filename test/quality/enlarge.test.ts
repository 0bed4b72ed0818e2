import { describe, expect, it } from "vitest";
import { CATMULL_ROM, enlarge, LANCZOS3 } from "../../src/quality/enlarge.js";
import { paint } from "../support/images.js";

describe("enlarge", () => {
  it.each([
    ["Catmull-Rom", CATMULL_ROM],
    ["Lanczos", LANCZOS3],
  ])("keeps flat colour with %s, up to the edges", (_, kernel) => {
    const { data, width, height } = enlarge(
      paint(5, 4, () => [10, 128, 255]),
      3,
      kernel,
    );
    expect({ width, height }).toEqual({ width: 15, height: 12 });
    for (let i = 0; i < data.length; i += 3) expect([...data.subarray(i, i + 3)]).toEqual([10, 128, 255]);
  });

  it("gives what Keys' formula does for a bright column", () => {
    const image = paint(9, 3, (x) => (x === 4 ? [200, 200, 200] : [40, 40, 40]));
    const { data } = enlarge(image, 2, CATMULL_ROM);
    // A quarter and three quarters of a pixel away, and so on: 0.8671875, 0.2265625, -0.0703125, -0.0234375 of 160.
    const row = Array.from({ length: 8 }, (_, i) => data[(18 * 2 + 5 + i) * 3]);
    expect(row).toEqual([36, 29, 76, 179, 179, 76, 29, 36]);
  });

  it("keeps a ramp straight away from the edges, where every kernel's neighbours are there", () => {
    const { data } = enlarge(
      paint(12, 12, (x, y) => [x * 20, y * 20, 0]),
      2,
      CATMULL_ROM,
    );
    for (let at = 6; at < 18; at++) {
      const expected = ((at + 0.5) / 2 - 0.5) * 20;
      expect(data[(12 * 24 + at) * 3]).toBe(expected);
      expect(data[(at * 24 + 12) * 3 + 1]).toBe(expected);
    }
  });

  it("clamps what overshoots", () => {
    const { data } = enlarge(
      paint(8, 2, (x) => (x < 4 ? [0, 0, 0] : [255, 255, 255])),
      2,
      LANCZOS3,
    );
    expect(new Set([data[0], data[15 * 3]])).toEqual(new Set([0, 255]));
  });

  it("gives what Duchon's formula does, with weights that are made up to 1", () => {
    const image = paint(13, 3, (x) => (x === 6 ? [200, 200, 200] : [40, 40, 40]));
    const { data } = enlarge(image, 2, LANCZOS3);
    // 0.8928, 0.2710, -0.1333, -0.0680, 0.0301 and 0.0074 of 160.
    const row = Array.from({ length: 6 }, (_, i) => data[(26 * 2 + 13 + i) * 3]);
    expect(row).toEqual([183, 83, 19, 29, 45, 41]);
  });
});
