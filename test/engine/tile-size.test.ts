import { describe, expect, it } from "vitest";
import { cpuTile, gpuTile, SMALLEST_TILE, WHOLE_IMAGE } from "../../src/engine/tile-size.js";

const MIB = 2 ** 20;
const network = {
  overlap: 8,
  alignment: 1,
  tensorFloatsPerPixel: 100,
  winogradFloatsPerPixel: 200,
  largestBlobFloatsPerPixel: 50,
  largestWinogradFloatsPerPixel: 110,
};
const fp32 = { fp16Storage: false, winograd: false };
const page = { width: 800, height: 1200 };

function memory(budgetMb: number, changed: Partial<Parameters<typeof gpuTile>[3]> = {}) {
  const now = { budgetMb, usedMb: 0, heldMb: 0 };
  return { now, maxMemoryMb: 0, weightsMb: 0, lanes: 1, ...changed };
}

/** Largest number of bytes that a tile of this page takes, its overlap included. */
function bytesOf(tile: number, { width, height } = page, floats = network.tensorFloatsPerPixel): number {
  const side = (length: number) => Math.min(tile, length) + 2 * network.overlap;
  return side(width) * side(height) * floats * 4;
}

describe("gpuTile", () => {
  it("is the whole page where that fits, and never a tile larger than memory", () => {
    const budgets = [32, 64, 128, 256, 384];
    const tiles = budgets.map((mb) => gpuTile(page, network, fp32, memory(mb)));
    expect(tiles).toEqual([...tiles].sort((a, b) => a - b));
    expect(new Set(tiles).size).toBe(tiles.length);
    tiles.forEach((tile, i) => {
      expect(bytesOf(tile)).toBeLessThanOrEqual((budgets[i] ?? 0) * MIB);
      // Not needlessly small either: the next multiple of 12 would not fit into the planned share.
      expect(bytesOf(tile + 24)).toBeGreaterThan(0.75 * (budgets[i] ?? 0) * MIB);
    });
    expect(gpuTile(page, network, fp32, memory(600))).toBe(WHOLE_IMAGE);
  });

  it("makes long tiles of a long strip: only its length has to be divided", () => {
    const strip = { width: 240, height: 20_000 };
    const tile = gpuTile(strip, network, fp32, memory(256));
    expect(tile).toBeGreaterThan(1500);
    expect(bytesOf(tile, strip)).toBeLessThanOrEqual(256 * MIB);
    expect(gpuTile({ width: 20_000, height: 240 }, network, fp32, memory(256))).toBe(tile);
  });

  it("counts half for fp16 and more for Winograd", () => {
    const exact = gpuTile(page, network, fp32, memory(64));
    expect(gpuTile(page, network, { fp16Storage: true, winograd: false }, memory(64))).toBeGreaterThan(exact);
    expect(gpuTile(page, network, { fp16Storage: false, winograd: true }, memory(64))).toBeLessThan(exact);
  });

  it("shares the memory between lanes and leaves what others use", () => {
    const alone = gpuTile(page, network, fp32, memory(128));
    expect(gpuTile(page, network, fp32, memory(256, { lanes: 2 }))).toBe(alone);
    const busy = { now: { budgetMb: 228, usedMb: 150, heldMb: 50 } };
    expect(gpuTile(page, network, fp32, memory(0, busy))).toBe(alone);
    expect(gpuTile(page, network, fp32, memory(178, { weightsMb: 50 }))).toBe(alone);
  });

  it("does not count weights twice where the driver has counted them", () => {
    const now = { budgetMb: 178, usedMb: 50, heldMb: 0 };
    const alone = gpuTile(page, network, fp32, memory(128));
    expect(gpuTile(page, network, fp32, memory(0, { now, weightsMb: 50 }))).toBe(alone);
  });

  it("respects the cap, whatever the device would give", () => {
    const alone = gpuTile(page, network, fp32, memory(64));
    expect(gpuTile(page, network, fp32, memory(80_000, { maxMemoryMb: 64 }))).toBe(alone);
    expect(gpuTile(page, network, fp32, memory(64, { maxMemoryMb: 80_000 }))).toBe(alone);
  });

  it.each([
    ["blob", { ...fp32, winograd: false }, network.largestBlobFloatsPerPixel],
    ["tensor of Winograd", { ...fp32, winograd: true }, network.largestWinogradFloatsPerPixel],
  ])("keeps the largest %s, and no more than that, below 4 GiB on any device", (_, storage, floats) => {
    const huge = { width: 12_000, height: 12_000 };
    const tile = gpuTile(huge, network, storage, memory(1_000_000));
    expect(bytesOf(tile, huge, floats)).toBeLessThan(2 ** 32);
    expect(bytesOf(tile + 24, huge, floats)).toBeGreaterThan(2 ** 32);
  });

  it("starts tiles at multiples of 12 and of the alignment", () => {
    for (const alignment of [1, 2, 4, 8, 16]) {
      const tile = gpuTile(page, { ...network, alignment }, fp32, memory(100));
      expect([tile % 12, tile % alignment]).toEqual([0, 0]);
    }
  });

  it("never goes below the smallest tile, also where nothing is free", () => {
    expect(gpuTile(page, network, fp32, memory(1, { lanes: 16 }))).toBe(SMALLEST_TILE);
    expect(gpuTile(page, network, fp32, memory(10, { weightsMb: 100 }))).toBe(SMALLEST_TILE);
    expect(gpuTile(page, network, fp32, memory(0))).toBe(SMALLEST_TILE);
  });
});

describe("cpuTile", () => {
  const work = { winograd: false, directConvolution: false, lanes: 2 } as const;
  const tileFor = (changed: object, freeMb = 100_000, changedWork: object = {}) =>
    cpuTile(page, { ...network, globalPools: [], ...changed }, { ...work, freeMb, ...changedWork });
  const direct = (changed: object, lanes: number, freeMb?: number) =>
    tileFor(changed, freeMb, { directConvolution: true, lanes });

  it("grows with the overlap, within bounds, whatever the memory", () => {
    expect([0, 8, 18, 1000].map((overlap) => tileFor({ overlap }))).toEqual([96, 112, 252, 384]);
    expect(tileFor({}, 10)).toBe(112);
  });

  it("is the whole page for global pools, if that takes a quarter of the free memory at most", () => {
    const globalPools = [{}];
    const needed = (816 + 8) * (1216 + 8) * 400 * 4;
    expect(tileFor({ globalPools }, needed / MIB)).toBe(WHOLE_IMAGE);
    expect(tileFor({ globalPools }, (needed * 0.9) / MIB)).toBe(112);
  });

  it("gives each lane as much to do with direct convolutions", () => {
    // Two tiles of a lane each are 400 x 600; four lanes have one.
    expect(direct({}, 2)).toBe(600);
    expect(direct({}, 4)).toBe(600);
    // 3 x 5: with 3 x 6 two lanes would have a second tile while the others wait.
    expect(direct({}, 16)).toBe(276);
    expect(direct({}, 1000)).toBe(96);
  });

  it("keeps tiles of direct convolutions small where memory is short", () => {
    // What each lane computes of 400 x 600 pixels, in steps of 12 and with the overlap.
    const needed = (2 * 616 * 424 * 400) / MIB;
    expect(direct({}, 2, needed * 4)).toBe(600);
    expect(direct({}, 2, needed * 3.9)).toBeLessThan(600);
    expect(direct({ tensorFloatsPerPixel: 2000 }, 2)).toBeLessThan(200);
    expect(direct({}, 2, 0)).toBe(96);
  });
});
