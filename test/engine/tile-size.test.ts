import { describe, expect, it } from "vitest";
import { automaticTile, SMALLEST_TILE } from "../../src/engine/tile-size.js";

const gpu = { lanes: 1, overlap: 8 };
const cpu = { memoryBudgetMb: 0, lanes: 1 };

describe("automaticTile", () => {
  it("grows with the memory and never exceeds its share", () => {
    const tiles = [256, 1024, 8192, 80_000].map((memoryBudgetMb) =>
      automaticTile({ ...gpu, memoryBudgetMb }),
    );
    expect(tiles).toEqual([...tiles].sort((a, b) => a - b));
    expect(new Set(tiles).size).toBe(tiles.length);
    expect((tiles[1] ?? 0) ** 2 * 2048).toBeLessThanOrEqual(0.6 * 1024 * 2 ** 20);
  });

  it("shares the memory between lanes", () => {
    const [one, two] = [1, 2].map((lanes) => automaticTile({ ...gpu, lanes, memoryBudgetMb: 4096 }));
    expect(two).toBeLessThan(one ?? 0);
  });

  it("never goes below the smallest tile", () => {
    expect(automaticTile({ ...gpu, lanes: 16, memoryBudgetMb: 1 })).toBe(SMALLEST_TILE);
  });

  it("grows with the overlap on the CPU, within bounds", () => {
    const tiles = [0, 8, 18, 1000].map((overlap) => automaticTile({ ...cpu, overlap }));
    expect(tiles).toEqual([96, 112, 252, 384]);
  });
});
