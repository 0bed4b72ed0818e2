/** How the largest magnitude that int8 still tells apart is chosen; larger ones are clipped to it. */
export type ThresholdMethod = "kl" | "percentile";

/** Levels of a magnitude in int8, zero included. */
const LEVELS = 128;
/** Stands for no probability at all, where the divergence would be infinite. */
const LEAST_PROBABILITY = 1e-9;

/**
 * The threshold whose 128 levels describe the distribution best, by relative entropy: Migacz, "8-bit Inference with
 * TensorRT" (GTC 2017).
 *
 * @param counts of magnitudes in bins of equal width
 * @param limit upper end of the last bin
 */
export function klThreshold(counts: ArrayLike<number>, limit: number): number {
  let best = { divergence: Number.POSITIVE_INFINITY, bins: counts.length };
  for (let bins = Math.min(LEVELS, counts.length); bins <= counts.length; bins++) {
    const divergence = divergenceAt(counts, bins);
    if (divergence < best.divergence) best = { divergence, bins };
  }
  return (best.bins / counts.length) * limit;
}

/** @returns the relative entropy of what is left in `bins` levels, to what was there with the rest clipped */
function divergenceAt(counts: ArrayLike<number>, bins: number): number {
  const reference = Float64Array.from({ length: bins }, (_, at) => counts[at] ?? 0);
  const coarse = throughLevels(reference);
  let clipped = 0;
  for (let at = bins; at < counts.length; at++) clipped += counts[at] ?? 0;
  reference[bins - 1] = (reference[bins - 1] ?? 0) + clipped;
  const [total, coarseTotal] = [sumOf(reference), sumOf(coarse)];
  if (total === 0 || coarseTotal === 0) return Number.POSITIVE_INFINITY;
  let divergence = 0;
  for (let at = 0; at < bins; at++) {
    const p = (reference[at] ?? 0) / total;
    const q = Math.max((coarse[at] ?? 0) / coarseTotal, LEAST_PROBABILITY);
    if (p > 0) divergence += p * Math.log(p / q);
  }
  return divergence;
}

/** @returns each bin with its level's mean over the bins that hold anything */
function throughLevels(reference: Float64Array): Float64Array {
  const levelOf = (at: number) => Math.floor((at * LEVELS) / reference.length);
  const sums = new Float64Array(LEVELS);
  const filled = new Float64Array(LEVELS);
  for (const [at, count] of reference.entries()) {
    const level = levelOf(at);
    sums[level] = (sums[level] ?? 0) + count;
    if (count > 0) filled[level] = (filled[level] ?? 0) + 1;
  }
  return reference.map((count, at) =>
    count > 0 ? (sums[levelOf(at)] ?? 0) / (filled[levelOf(at)] ?? 1) : 0,
  );
}

/**
 * @param counts of magnitudes in bins of equal width
 * @param limit upper end of the last bin
 * @param percent of the magnitudes that must not be clipped, above 0 to 100
 * @returns the upper end of the first bin up to which so many lie
 */
export function percentileThreshold(counts: ArrayLike<number>, limit: number, percent: number): number {
  const total = sumOf(counts);
  let seen = 0;
  for (let at = 0; at < counts.length; at++) {
    seen += counts[at] ?? 0;
    if (seen >= (total * percent) / 100) return ((at + 1) / counts.length) * limit;
  }
  return limit;
}

function sumOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at] ?? 0;
  return sum;
}
