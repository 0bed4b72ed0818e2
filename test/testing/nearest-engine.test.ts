import { describe, expect, it } from "vitest";
import { NearestEngine } from "../../src/testing/nearest-engine.js";
import { paint } from "../support/images.js";

const image = paint(5, 3, (x, y) => [x * 40, y * 80, 7]);

describe("NearestEngine", () => {
  it("repeats every pixel twice in each direction", async () => {
    const engine = new NearestEngine({ tileSize: 2, tileMs: 0 });
    const { image: output, tile } = await engine.upscale(image, {
      tile: null,
      signal: new AbortController().signal,
    });
    const expected = paint(10, 6, (x, y) => [(x >> 1) * 40, (y >> 1) * 80, 7]);
    expect({ ...output, data: [...output.data] }).toEqual({ ...expected, data: [...expected.data] });
    expect(tile).toBe(2);
  });

  it("takes its time for each tile, tells of it and stops between two", async () => {
    const engine = new NearestEngine({ tileSize: 2, tileMs: 20 });
    const abortion = new AbortController();
    const seen: [number, number][] = [];
    const onTile = (done: number, total: number) => {
      seen.push([done, total]);
      if (done === 2) abortion.abort(new Error("enough"));
    };
    const since = performance.now();
    await expect(engine.upscale(image, { tile: null, signal: abortion.signal, onTile })).rejects.toThrow(
      "enough",
    );
    expect(seen).toEqual([
      [1, 6],
      [2, 6],
    ]);
    expect(performance.now() - since).toBeGreaterThanOrEqual(38);
  });
});
