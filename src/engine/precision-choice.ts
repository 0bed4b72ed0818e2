import { messageOf } from "../errors.js";
import { median } from "../median.js";
import type { PixelBuffer } from "../stages/page.js";
import { type Arithmetic, arithmeticName, fp32Arithmetic, inexactness, isFused } from "./arithmetic.js";
import { psnrDb } from "./psnr.js";

/** A network loaded with one arithmetic. */
export interface Probe {
  /** @returns the upscaled values and how long the device took, in milliseconds */
  upscale(image: PixelBuffer): Promise<{ readonly data: Uint8Array; readonly ms: number }>;
  close(): Promise<void>;
}

export type ArithmeticOutcome =
  | { readonly kind: "measured"; readonly ms: number; readonly psnrDb: number }
  | { readonly kind: "failed"; readonly reason: string }
  /** The time for measuring was over before. */
  | { readonly kind: "skipped" };

/** One row of what was measured. */
export interface ArithmeticRow {
  readonly arithmetic: Arithmetic;
  readonly outcome: ArithmeticOutcome;
}

export interface MeasuringParts {
  readonly load: (arithmetic: Arithmetic) => Promise<Probe>;
  readonly page: PixelBuffer;
  /** Milliseconds after which nothing new is begun. */
  readonly budgetMs: number;
  /** Monotonic time in milliseconds. */
  readonly now: () => number;
  /** Called before fused convolutions, which may take the process with them, with what was measured until then. */
  readonly beforeFused?: (rows: readonly ArithmeticRow[]) => Promise<void>;
}

/** Below this a difference from fp32 could become visible on flat fields: at 50 dB it averages 0.8 of 255 levels. */
export const LEAST_PSNR_DB = 50;

/** A less exact arithmetic has to be this much faster than a more exact one. */
const WORTHWHILE_GAIN = 0.05;

const RUNS = 3;

/** Part of the time that is left for fused convolutions, where they are among the candidates. */
const FUSED_SHARE = 0.25;

type Run = { readonly kind: "ran"; readonly ms: number; readonly data: Uint8Array };

/** Until when a candidate is measured, and whether once even after that, for a result to compare with. */
interface Limit {
  readonly deadline: number;
  readonly isIndispensable: boolean;
}

/** One run to warm up, then some to time: fewer when the time is over, but at least one. */
async function timeProbe(
  probe: Probe,
  { page, now }: MeasuringParts,
  { deadline, isIndispensable }: Limit,
): Promise<Run | { readonly kind: "skipped" }> {
  await probe.upscale(page);
  if (now() >= deadline && !isIndispensable) return { kind: "skipped" };
  const times: number[] = [];
  let data: Uint8Array;
  do {
    const result = await probe.upscale(page);
    if (!(result.ms > 0 && Number.isFinite(result.ms))) {
      throw new RangeError(`expected a positive time, received ${result.ms} ms`);
    }
    times.push(result.ms);
    data = result.data;
  } while (times.length < RUNS && now() < deadline);
  return { kind: "ran", ms: median(times), data };
}

async function tryArithmetic(
  arithmetic: Arithmetic,
  parts: MeasuringParts,
  limit: Limit,
): Promise<Run | Exclude<ArithmeticOutcome, { kind: "measured" }>> {
  try {
    const probe = await parts.load(arithmetic);
    try {
      return await timeProbe(probe, parts, limit);
    } finally {
      await probe.close();
    }
  } catch (thrown) {
    return { kind: "failed", reason: messageOf(thrown) };
  }
}

function compare(run: Run, reference: Run): ArithmeticOutcome {
  if (run.data.length !== reference.data.length) {
    const reason = `expected ${reference.data.length} values as fp32 gives, received ${run.data.length}`;
    return { kind: "failed", reason };
  }
  return { kind: "measured", ms: run.ms, psnrDb: psnrDb(run.data, reference.data) };
}

/**
 * Times every candidate on one page, one after the other, and compares it with the fp32 result. That, the likeliest
 * candidate and fused convolutions are measured whatever the time allows. One that cannot be loaded or fails becomes a
 * row that says so.
 *
 * @param candidates likely best first, but fused convolutions last: the time may be over before the last of the others
 * @returns a row per candidate, and one of fp32 where that was not among them
 */
export async function measureArithmetics(
  candidates: readonly Arithmetic[],
  parts: MeasuringParts,
): Promise<readonly ArithmeticRow[]> {
  const fusedShare = candidates.some(isFused) ? FUSED_SHARE : 0;
  const start = parts.now();
  const deadline = start + parts.budgetMs * (1 - fusedShare);
  const winograd = candidates.some((candidate) => candidate.winograd);
  const exact = fp32Arithmetic(winograd);
  const reference = await tryArithmetic(exact, parts, { deadline, isIndispensable: true });
  if (reference.kind !== "ran") {
    const reason = `fp32 gave nothing to compare with: ${reference.kind === "failed" ? reference.reason : reference.kind}`;
    return candidates.map((arithmetic) => ({ arithmetic, outcome: { kind: "failed", reason } }));
  }
  const rows: ArithmeticRow[] = [{ arithmetic: exact, outcome: compare(reference, reference) }];
  const others = candidates.filter((candidate) => arithmeticName(candidate) !== arithmeticName(exact));
  for (const [index, arithmetic] of others.entries()) {
    const limit = isFused(arithmetic)
      ? { deadline: start + parts.budgetMs, isIndispensable: true }
      : // Without the likeliest one a slow start, on a busy machine, would settle on fp32 for good.
        { deadline, isIndispensable: index === 0 };
    if (isFused(arithmetic)) await parts.beforeFused?.(rows);
    const run: Awaited<ReturnType<typeof tryArithmetic>> =
      limit.isIndispensable || parts.now() < deadline
        ? await tryArithmetic(arithmetic, parts, limit)
        : { kind: "skipped" };
    rows.push({ arithmetic, outcome: run.kind === "ran" ? compare(run, reference) : run });
  }
  return rows;
}

/**
 * The fastest that is exact enough. The more exact one wins unless the other is at least 5 % faster.
 *
 * @param rows in any order; only those of `candidates` can be chosen
 * @returns null when no candidate was measured to be exact enough
 */
export function chooseArithmetic(
  candidates: readonly Arithmetic[],
  rows: readonly ArithmeticRow[],
): Arithmetic | null {
  const names = new Set(candidates.map(arithmeticName));
  const eligible = rows
    .flatMap(({ arithmetic, outcome }) =>
      outcome.kind === "measured" && outcome.psnrDb >= LEAST_PSNR_DB && names.has(arithmeticName(arithmetic))
        ? [{ arithmetic, ms: outcome.ms }]
        : [],
    )
    .sort((a, b) => inexactness(a.arithmetic) - inexactness(b.arithmetic));
  const [mostExact, ...lessExact] = eligible;
  if (mostExact === undefined) return null;
  return lessExact.reduce((best, row) => (row.ms < best.ms * (1 - WORTHWHILE_GAIN) ? row : best), mostExact)
    .arithmetic;
}
