import { describe, expect, it } from "vitest";
import { chooseLayers } from "../../src/quantize/choose-layers.js";
import { compareOnPages, GATE, passes, worstOf } from "../../src/quantize/gate.js";
import { paintScreentone } from "../support/images.js";

const all = new Map([
  ["first", 1],
  ["middle", 2],
  ["last", 3],
]);

/** Each layer in int8 costs decibels of its own. */
function scripted(cost: Readonly<Record<string, number>>) {
  const tried: string[] = [];
  const tryLayers = async (thresholds: ReadonlyMap<string, number>) => {
    const names = [...thresholds.keys()];
    tried.push(names.join("+"));
    const psnrDb = 60 - names.reduce((sum, name) => sum + (cost[name] ?? 0), 0);
    return [{ name: "page", psnrDb, ssim: 0.99 }];
  };
  return { tried, tryLayers };
}

describe("chooseLayers", () => {
  it("takes all when all pass, without trying any alone", async () => {
    const { tried, tryLayers } = scripted({ first: 5, middle: 5, last: 5 });
    expect(await chooseLayers(all, tryLayers)).toEqual({ thresholds: all, alone: new Map() });
    expect(tried).toEqual(["first+middle+last"]);
  });

  it("puts back the most harmful ones, as few as it takes", async () => {
    const { tried, tryLayers } = scripted({ first: 15, middle: 2, last: 10 });
    const { thresholds, alone } = await chooseLayers(all, tryLayers);
    expect([...thresholds]).toEqual([
      ["middle", 2],
      ["last", 3],
    ]);
    expect(alone.get("first")).toBe(45);
    expect(tried).toEqual(["first+middle+last", "first", "middle", "last", "middle+last"]);
  });

  it("is left with none when each alone is too harmful", async () => {
    const { tryLayers } = scripted({ first: 30, middle: 31, last: 32 });
    expect((await chooseLayers(all, tryLayers)).thresholds.size).toBe(0);
  });
});

describe("the gate", () => {
  const page = (psnrDb: number, ssim: number) => ({ name: "page", psnrDb, ssim });

  it("is passed above both limits on every page only", () => {
    expect(passes([page(35.01, 0.951), page(50, 0.99)], GATE)).toBe(true);
    expect(passes([page(60, 1), page(35, 0.99)], GATE)).toBe(false);
    expect(passes([page(60, 0.95)], GATE)).toBe(false);
    expect(passes([], GATE)).toBe(false);
    expect(passes([page(Number.NaN, 0.99)], GATE)).toBe(false);
  });

  it("compares every page and puts the worst first", async () => {
    const pages = [1, 2].map((seed) => ({ name: `${seed}`, pixels: paintScreentone(40, 30, seed) }));
    const released: string[] = [];
    const damaged = async (image: (typeof pages)[number]["pixels"]) => ({
      ...image,
      data: image === pages[1]?.pixels ? image.data.map((value) => value ^ 8) : image.data,
      release: () => void released.push("found"),
    });
    const compared = await compareOnPages(async (image) => image, damaged, pages);
    expect(compared.map(({ name }) => name)).toEqual(["2", "1"]);
    expect(compared[0]?.psnrDb).toBeCloseTo(20 * Math.log10(255 / 8), 6);
    expect(compared[1]).toEqual({ name: "1", psnrDb: Number.POSITIVE_INFINITY, ssim: expect.closeTo(1, 9) });
    expect(worstOf(compared).psnrDb).toBe(compared[0]?.psnrDb);
    expect(released).toHaveLength(2);
  });
});
