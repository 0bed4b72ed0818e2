import {
  type Arithmetic,
  type ArithmeticAbilities,
  allArithmetics,
  arithmeticName,
  candidateArithmetics,
  cpuArithmetics,
  fp32Arithmetic,
} from "../engine/arithmetic.js";
import type { UpscaledImage, UpscaleOptions } from "../engine/engine.js";
import type { ResolvedModel } from "../models/catalogue.js";
import type { PixelBuffer } from "../stages/page.js";

/** An engine with what only a benchmark asks it for. */
export interface BenchEngine {
  upscale(image: PixelBuffer, options: UpscaleOptions): Promise<UpscaledImage>;
  /** Milliseconds of each run of the network alone; the size is that of its input, overlap included. GPU only. */
  timeNetwork(width: number, height: number, runs: number): Promise<readonly number[]>;
  /** Largest MiB of device memory that its tensors took so far; null where nobody counts. */
  peakMb(): number | null;
  close(): Promise<void>;
}

/** One way to compute a model: what the rows of a table differ in. */
export interface BenchSubject {
  readonly arithmetic: Arithmetic;
  readonly threads: number;
}

export type OpenBenchEngine = (model: ResolvedModel, subject: BenchSubject) => Promise<BenchEngine>;

export type BenchPrecision = "table" | "auto" | "fp32" | "fp16";

/**
 * On a GPU a subject per arithmetic, on the CPU one per number of threads, in "table" for each way to convolve.
 *
 * @param precision "table" is all that the device can do, the others what `--precision` would choose from
 * @param threads at least one count
 */
export function benchSubjects(
  precision: BenchPrecision,
  threads: readonly number[],
  device: ArithmeticAbilities,
): readonly BenchSubject[] {
  if (device.type === "cpu") {
    const arithmetics =
      precision === "table"
        ? cpuArithmetics(device)
        : candidateArithmetics({ precision, winograd: true }, device);
    return threads.flatMap((count) => arithmetics.map((arithmetic) => ({ arithmetic, threads: count })));
  }
  const wanted =
    precision === "table" ? allArithmetics() : candidateArithmetics({ precision, winograd: true }, device);
  const possible = wanted.filter(
    ({ fp16Storage, fp16Arithmetic, cooperativeMatrix, fusedConvolution }) =>
      (device.fp16Storage || !fp16Storage) &&
      (device.fp16Arithmetic || !fp16Arithmetic) &&
      (device.cooperativeMatrix || !cooperativeMatrix) &&
      (device.fusedConvolution || fusedConvolution === "off"),
  );
  return possible.map((arithmetic) => ({ arithmetic, threads: Math.max(...threads) }));
}

/** @returns what everything is compared with: the most exact that the device computes */
export function referenceSubject(subjects: readonly BenchSubject[]): BenchSubject {
  return { arithmetic: fp32Arithmetic(false), threads: Math.max(...subjects.map(({ threads }) => threads)) };
}

/** @returns a name for tables */
export function subjectName({ arithmetic, threads }: BenchSubject, isCpu: boolean): string {
  if (!isCpu) return arithmeticName(arithmetic);
  const count = `${threads} ${threads === 1 ? "thread" : "threads"}`;
  return `${count}, ${arithmeticName(arithmetic)}`;
}
