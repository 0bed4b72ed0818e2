import type { ResultMessage, StripMessage } from "../../protocol/messages.js";

/** A horizontal part of an upscaled page, an image in itself. `y` is its first row in the page. */
export type UpscaledStrip = Readonly<Omit<StripMessage, "t" | "id">>;

/** An upscaled page. */
export interface UpscaleResult {
  /** The encoded image; empty when it came in strips. */
  readonly data: Uint8Array;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  readonly format: ResultMessage["format"];
  /** Time that was spent on compression, 0 to 6; absent for formats without a choice. */
  readonly effort?: number | undefined;
  readonly model: string;
  readonly precision: string;
  readonly device: string;
  /** Side of the tiles that were used, in input pixels. */
  readonly tile: number;
  /** Equal for equal input, model, options and version of the worker. */
  readonly cacheKey: string;
  readonly source: { readonly width: number; readonly height: number; readonly format: string };
  /** Microseconds in each stage; `total` from the request's arrival at the worker, `queue` all waiting there. */
  readonly timingsUs: Readonly<ResultMessage["timings_us"]>;
  /** For people. */
  readonly warnings: readonly string[];
}

const NO_DATA = new Uint8Array(0);

export function toUpscaleResult(message: ResultMessage): UpscaleResult {
  const { t: _type, id: _id, cache_key: cacheKey, timings_us: timingsUs, data = NO_DATA, ...same } = message;
  return { ...same, data, cacheKey, timingsUs };
}
