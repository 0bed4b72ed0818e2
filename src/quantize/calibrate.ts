import type { BlobStatistics, NativeObservation } from "../engine/native.js";
import type { Layer } from "../models/param-file.js";
import type { PixelBuffer } from "../stages/page.js";
import type { InputThresholds } from "./int8-model.js";
import { klThreshold, percentileThreshold, type ThresholdMethod } from "./threshold.js";

/** A network whose blobs can be looked at. */
export interface ObservableEngine {
  observeBlobs(observation: NativeObservation): Promise<BlobStatistics[]>;
}

export interface CalibrationMethod {
  readonly method: ThresholdMethod;
  /** Of the magnitudes that percentiles keep; 100 is the largest. */
  readonly percent: number;
}

/** As TensorRT's and ncnn's own calibration have. */
const BINS = 2048;

/**
 * Finds how large the inputs of layers get: their peaks over all pages first, then histograms up to them.
 *
 * @param engine on the CPU
 * @param pages that nothing is judged by later
 */
export async function calibrate(
  engine: ObservableEngine,
  layers: readonly Layer[],
  pages: readonly PixelBuffer[],
  { method, percent }: CalibrationMethod,
): Promise<InputThresholds> {
  const names = layers.map(({ inputs }) => inputs[0] ?? "");
  const peaks = names.map(() => 0);
  for (const { data: input, width, height } of pages) {
    const blobs = names.map((name) => ({ name, limit: 0 }));
    const observed = await engine.observeBlobs({ input, width, height, blobs, bins: BINS });
    for (const [at, { peak }] of observed.entries()) peaks[at] = Math.max(peaks[at] ?? 0, peak);
  }
  const counts = names.map(() => new Float64Array(BINS));
  for (const { data: input, width, height } of pages) {
    const blobs = names.map((name, at) => ({ name, limit: peaks[at] ?? 0 }));
    const observed = await engine.observeBlobs({ input, width, height, blobs, bins: BINS });
    for (const [at, { counts: found }] of observed.entries()) addTo(counts[at], found);
  }
  return new Map(
    layers.map(({ name }, at) => {
      const [limit, histogram] = [peaks[at] ?? 0, counts[at] ?? new Float64Array(BINS)];
      // An input that is always zero has every scale.
      if (limit === 0) return [name, 1];
      const threshold =
        method === "kl" ? klThreshold(histogram, limit) : percentileThreshold(histogram, limit, percent);
      return [name, threshold];
    }),
  );
}

function addTo(sums: Float64Array | undefined, found: Uint32Array): void {
  for (let at = 0; sums && at < found.length; at++) sums[at] = (sums[at] ?? 0) + (found[at] ?? 0);
}
