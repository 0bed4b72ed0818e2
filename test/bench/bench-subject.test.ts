import { describe, expect, it } from "vitest";
import {
  type BenchPrecision,
  benchSubjects,
  referenceSubject,
  subjectName,
} from "../../src/bench/bench-subject.js";
import type { ArithmeticAbilities } from "../../src/engine/arithmetic.js";

const gpu: ArithmeticAbilities = {
  ...{ type: "discrete", fp16Storage: true, fp16Arithmetic: true, cooperativeMatrix: true },
  fusedConvolution: true,
  directConvolution: false,
};
const names = (precision: BenchPrecision, changed: Partial<ArithmeticAbilities> = {}, isCpu = false) =>
  benchSubjects(precision, [1, 4], { ...gpu, ...changed }).map((subject) => subjectName(subject, isCpu));

describe("benchSubjects", () => {
  it("has all thirteen in the table of a device that can do everything", () => {
    expect(new Set(names("table")).size).toBe(13);
  });

  it("leaves out what the device cannot do, where it would measure something else", () => {
    expect(
      names("table", { cooperativeMatrix: false, fusedConvolution: false, fp16Arithmetic: false }),
    ).toEqual(["fp32", "fp32-winograd", "fp16-storage", "fp16-storage-winograd"]);
    expect(names("table", { fp16Storage: false }).filter((name) => !name.startsWith("fp32"))).toEqual([]);
  });

  it("has what --precision chooses from otherwise", () => {
    expect(names("fp32")).toEqual(["fp32-winograd", "fp32"]);
    expect(names("auto")).toHaveLength(11);
  });

  it("has a row per number of threads on the CPU, in the table for each way to convolve", () => {
    const cpu = { type: "cpu", directConvolution: false } as const;
    expect(names("auto", cpu, true)).toEqual(["1 thread, fp32-winograd", "4 threads, fp32-winograd"]);
    expect(names("table", cpu, true)).toEqual([
      "1 thread, fp32",
      "1 thread, fp32-winograd",
      "4 threads, fp32",
      "4 threads, fp32-winograd",
    ]);
  });

  it("has direct convolutions on a CPU that has kernels for them", () => {
    const cpu = { type: "cpu", directConvolution: true } as const;
    expect(names("auto", cpu, true)).toEqual([
      "1 thread, fp32-winograd-direct",
      "4 threads, fp32-winograd-direct",
    ]);
    expect(names("table", cpu, true).slice(0, 4)).toEqual([
      "1 thread, fp32",
      "1 thread, fp32-direct",
      "1 thread, fp32-winograd",
      "1 thread, fp32-winograd-direct",
    ]);
  });

  it("is compared with fp32 without Winograd, on as many threads as there are", () => {
    const reference = referenceSubject(benchSubjects("table", [1, 4], { ...gpu, type: "cpu" }));
    expect(subjectName(reference, false)).toBe("fp32");
    expect(reference.threads).toBe(4);
  });
});
