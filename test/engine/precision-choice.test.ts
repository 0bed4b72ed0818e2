import { describe, expect, it } from "vitest";
import { allArithmetics, arithmeticName, candidateArithmetics } from "../../src/engine/arithmetic.js";
import {
  type ArithmeticOutcome,
  type ArithmeticRow,
  chooseArithmetic,
  measureArithmetics,
} from "../../src/engine/precision-choice.js";
import { paint } from "../support/images.js";
import { type FakeProbe, FakeProbes } from "./fake-probes.js";

const page = paint(10, 10, (x, y) => [x * 20, y * 20, 99]);
const device = {
  type: "discrete",
  fp16Storage: true,
  fp16Arithmetic: true,
  cooperativeMatrix: false,
  fusedConvolution: false,
  directConvolution: false,
} as const;
const candidates = candidateArithmetics({ precision: "auto", winograd: true }, device);
const named = (name: string) => {
  const found = allArithmetics().find((arithmetic) => arithmeticName(arithmetic) === name);
  if (!found) throw new Error(`expected an arithmetic, received ${name}`);
  return found;
};

const TEN_MS: FakeProbe = { ms: [10] };

async function measure(probes: Record<string, FakeProbe>, { budgetMs = 3000, others = TEN_MS } = {}) {
  const fakes = new FakeProbes(probes, others);
  const rows = await measureArithmetics(candidates, { load: fakes.load, page, budgetMs, now: fakes.now });
  const outcomes = new Map(rows.map(({ arithmetic, outcome }) => [arithmeticName(arithmetic), outcome]));
  const chosen = chooseArithmetic(candidates, rows);
  return { fakes, rows, outcomes, chosen: chosen && arithmeticName(chosen) };
}

describe("measureArithmetics", () => {
  it("measures fp32 first, everything once, one at a time, and closes all", async () => {
    const { fakes, outcomes } = await measure({});
    expect(fakes.loaded[0]).toBe("fp32-winograd");
    expect([...fakes.loaded].sort()).toEqual(candidates.map(arithmeticName).sort());
    expect({ open: fakes.open, mostOpen: fakes.mostOpen }).toEqual({ open: 0, mostOpen: 1 });
    expect([...outcomes.values()].every(({ kind }) => kind === "measured")).toBe(true);
  });

  it("takes the median of three after a run to warm up", async () => {
    const { outcomes } = await measure({ "fp16-storage-winograd": { ms: [900, 7, 50, 6] } });
    expect(outcomes.get("fp16-storage-winograd")).toMatchObject({ ms: 7 });
  });

  it("says how far each result is from fp32", async () => {
    const { outcomes } = await measure({ "fp16-winograd": { ms: [5], offEvery: 10 } });
    expect(outcomes.get("fp32-winograd")).toMatchObject({ psnrDb: Number.POSITIVE_INFINITY });
    expect(outcomes.get("fp16-winograd")).toMatchObject({ psnrDb: expect.closeTo(58.13, 2) });
  });

  it.each(["load", "upscale", "close"] as const)(
    "drops one that fails to %s, with its reason",
    async (fails) => {
      const { outcomes, chosen, fakes } = await measure({
        "fp16-storage-winograd": { ms: [1], fails },
        "fp16-winograd": { ms: [2] },
      });
      expect(outcomes.get("fp16-storage-winograd")).toMatchObject({
        kind: "failed",
        reason: expect.stringContaining("fp16-storage-winograd cannot"),
      });
      expect(chosen).toBe("fp16-winograd");
      expect(fakes.open).toBe(0);
    },
  );

  it.each([
    ["an image of another size", { ms: [1], data: new Uint8Array(3) }],
    ["a time of zero", { ms: [0] }],
    ["a time that is not a number", { ms: [Number.NaN] }],
  ])("drops one that gives %s", async (_, probe) => {
    const { outcomes, chosen } = await measure({ "fp16-storage-winograd": probe });
    expect(outcomes.get("fp16-storage-winograd")).toMatchObject({ kind: "failed" });
    expect(chosen).not.toBe("fp16-storage-winograd");
  });

  it("begins nothing when the time is over, and still ends what it began", async () => {
    const { fakes, outcomes, chosen } = await measure(
      { "fp16-storage-winograd": { ms: [2], loadMs: 1000 } },
      { budgetMs: 2500, others: { ms: [20], loadMs: 1000 } },
    );
    expect(fakes.loaded).toEqual(["fp32-winograd", "fp16-storage-winograd", "fp16-storage"]);
    expect(outcomes.get("fp16-storage")).toEqual({ kind: "skipped" });
    expect(outcomes.get("fp32")).toEqual({ kind: "skipped" });
    expect(chosen).toBe("fp16-storage-winograd");
    expect(fakes.open).toBe(0);
  });

  it("times a slow one fewer times, fp32 and the likeliest one whatever the time allows", async () => {
    const { fakes, outcomes } = await measure({}, { budgetMs: 1, others: { ms: [5000] } });
    expect(outcomes.get("fp32-winograd")).toMatchObject({ kind: "measured", ms: 5000 });
    expect(fakes).toMatchObject({ loaded: ["fp32-winograd", "fp16-storage-winograd"], clock: 20_000 });
    const slow = await measure({ "fp16-storage-winograd": { ms: [500, 700, 1] } }, { budgetMs: 1000 });
    expect(slow.outcomes.get("fp16-storage-winograd")).toMatchObject({ ms: 700 });
  });

  it("leaves fused convolutions time, and measures them last and whatever the others took", async () => {
    const able = { ...device, cooperativeMatrix: true, fusedConvolution: true };
    const withFused = candidateArithmetics({ precision: "auto", winograd: true }, able);
    for (const [loadMs, loaded] of [
      [990, 4],
      [9000, 3],
    ] as const) {
      const fakes = new FakeProbes({}, { ms: [2], loadMs });
      const before: string[] = [];
      const rows = await measureArithmetics(withFused, {
        ...{ load: fakes.load, page, budgetMs: 3000, now: fakes.now },
        beforeFused: async (measured) => {
          before.push(...measured.map(({ arithmetic }) => arithmeticName(arithmetic)));
        },
      });
      expect(fakes.loaded).toHaveLength(loaded);
      expect(fakes.loaded.at(-1)).toBe("fp16-storage-coopmat-fused");
      expect(before).toEqual(rows.slice(0, -1).map(({ arithmetic }) => arithmeticName(arithmetic)));
      expect(rows.at(-1)?.outcome).toMatchObject({ kind: "measured", ms: 2 });
    }
  });

  it("measures nothing else when fp32 gives nothing to compare with", async () => {
    const { fakes, outcomes, chosen } = await measure({ "fp32-winograd": { ms: [1], fails: "upscale" } });
    expect(fakes.loaded).toEqual(["fp32-winograd"]);
    expect(chosen).toBeNull();
    for (const outcome of outcomes.values()) {
      expect(outcome).toMatchObject({
        kind: "failed",
        reason: expect.stringContaining("fp32-winograd cannot run"),
      });
    }
  });
});

describe("chooseArithmetic", () => {
  const measured = (name: string, ms: number, psnrDb = 60): ArithmeticRow => ({
    arithmetic: named(name),
    outcome: { kind: "measured", ms, psnrDb },
  });
  const other = (name: string, outcome: ArithmeticOutcome): ArithmeticRow => ({
    arithmetic: named(name),
    outcome,
  });
  const choose = (...rows: ArithmeticRow[]) => {
    const chosen = chooseArithmetic(candidates, rows);
    return chosen && arithmeticName(chosen);
  };

  it("takes the fastest, in whatever order they come", () => {
    const rows = [measured("fp32", 30), measured("fp16-winograd", 10), measured("fp16-storage", 20)];
    expect(choose(...rows)).toBe("fp16-winograd");
    expect(choose(...rows.toReversed())).toBe("fp16-winograd");
  });

  it("keeps the more exact one when the gain is below 5 %", () => {
    expect(choose(measured("fp16", 9.6), measured("fp16-storage", 10))).toBe("fp16-storage");
    expect(choose(measured("fp16", 9.4), measured("fp16-storage", 10))).toBe("fp16");
    expect(choose(measured("fp32-winograd", 10), measured("fp32", 10.3))).toBe("fp32");
  });

  it("refuses what is below 50 dB, fails or was skipped", () => {
    expect(choose(measured("fp32", 30), measured("fp16", 1, 49.99))).toBe("fp32");
    expect(choose(measured("fp32", 30), measured("fp16", 1, 50))).toBe("fp16");
    expect(choose(measured("fp32", 30), other("fp16", { kind: "skipped" }))).toBe("fp32");
    expect(choose(other("fp16", { kind: "failed", reason: "x" }))).toBeNull();
  });

  it("takes only what is a candidate: fp32 is measured for comparison too", () => {
    expect(choose(measured("fp32-coopmat", 1))).toBeNull();
  });
});
