import { describe, expect, it } from "vitest";
import {
  type ArithmeticAbilities,
  allArithmetics,
  arithmeticName,
  candidateArithmetics,
  cautiousArithmetic,
  inexactness,
} from "../../src/engine/arithmetic.js";

const gpu: ArithmeticAbilities = {
  ...{ type: "discrete", fp16Storage: true, fp16Arithmetic: true, cooperativeMatrix: true },
  fusedConvolution: true,
  directConvolution: false,
};
const auto = { precision: "auto", winograd: true } as const;

function namesFor(
  request: Parameters<typeof candidateArithmetics>[0],
  changed: Partial<ArithmeticAbilities> = {},
) {
  return candidateArithmetics(request, { ...gpu, ...changed }).map(arithmeticName);
}

describe("allArithmetics", () => {
  it("has thirteen of different names, from the most to the least exact", () => {
    const all = allArithmetics();
    expect(new Set(all.map(arithmeticName)).size).toBe(13);
    const ranks = all.map(inexactness);
    expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
    expect(new Set(ranks).size).toBe(13);
  });
});

describe("candidateArithmetics", () => {
  it("begins with matrix units, where there are some, and fp16 storage, and ends with fp32 but for fused convolutions", () => {
    const names = namesFor(auto);
    expect(names[0]).toBe("fp16-storage-coopmat");
    expect(names.slice(-3)).toEqual(["fp32-winograd", "fp32", "fp16-storage-coopmat-fused"]);
    expect(new Set(names).size).toBe(11);
  });

  it("offers fused convolutions where they run, in fp16 storage only, and as the last", () => {
    expect(namesFor(auto).at(-1)).toBe("fp16-storage-coopmat-fused");
    const isFused = (name: string) => name.includes("fused");
    expect(namesFor(auto).filter(isFused)).toHaveLength(1);
    expect(namesFor(auto, { fusedConvolution: false }).filter(isFused)).toEqual([]);
    expect(namesFor({ precision: "fp32", winograd: true }).filter(isFused)).toEqual([]);
    expect(namesFor(auto, { type: "software" }).filter(isFused)).toEqual([]);
  });

  it("offers no matrix units and no fp16 sums to a device without them", () => {
    expect(
      namesFor(auto, { cooperativeMatrix: false, fusedConvolution: false, fp16Arithmetic: false }),
    ).toEqual(["fp16-storage-winograd", "fp16-storage", "fp32-winograd", "fp32"]);
  });

  it.each([
    ["fp32 of the user", { precision: "fp32", winograd: true } as const, {}, /^fp32/],
    ["no fp16 on the device", auto, { fp16Storage: false }, /^fp32/],
    ["fp16 of the user", { precision: "fp16", winograd: true } as const, {}, /^fp16/],
  ])("obeys %s", (_, request, changed, pattern) => {
    const names = namesFor(request, changed);
    expect(names.length).toBeGreaterThan(1);
    for (const name of names) expect(name).toMatch(pattern);
  });

  it("convolves directly on a CPU that has kernels for it, and nowhere else", () => {
    const able = { directConvolution: true } as const;
    expect(namesFor(auto, { ...able, type: "cpu" })).toEqual(["fp32-winograd-direct"]);
    expect(namesFor({ precision: "auto", winograd: false }, { ...able, type: "cpu" })).toEqual([
      "fp32-direct",
    ]);
    for (const type of ["software", "discrete"] as const) {
      expect(namesFor(auto, { ...able, type }).filter((name) => name.includes("direct"))).toEqual([]);
    }
  });

  it("never turns Winograd on again, and lists nothing twice then", () => {
    for (const precision of ["auto", "fp32", "fp16"] as const) {
      const names = namesFor({ precision, winograd: false });
      expect(names.filter((name) => name.includes("winograd"))).toEqual([]);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it.each(["software", "cpu"] as const)("leaves nothing open on a %s device", (type) => {
    expect(namesFor(auto, { type })).toEqual(["fp32-winograd"]);
    expect(namesFor({ precision: "auto", winograd: false }, { type })).toEqual(["fp32"]);
  });

  it("uses fp16 on a software device only when asked, and never on the CPU", () => {
    const asked = { precision: "fp16", winograd: true } as const;
    expect(namesFor(asked, { type: "software" })).toEqual(["fp16-storage-winograd"]);
    expect(namesFor(asked, { type: "software", fp16Storage: false })).toEqual(["fp32-winograd"]);
    expect(namesFor(asked, { type: "cpu" })).toEqual(["fp32-winograd"]);
  });
});

describe("cautiousArithmetic", () => {
  it("is fp32 unless fp16 was asked for and can be had", () => {
    expect(arithmeticName(cautiousArithmetic(auto, gpu))).toBe("fp32-winograd");
    const asked = { precision: "fp16", winograd: false } as const;
    expect(arithmeticName(cautiousArithmetic(asked, gpu))).toBe("fp16-storage");
    expect(arithmeticName(cautiousArithmetic(asked, { ...gpu, fp16Storage: false }))).toBe("fp32");
  });
});
