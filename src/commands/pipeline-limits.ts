import type { Engine } from "../engine/engine.js";
import { MOST_LANES } from "../engine/lanes.js";
import type { PipelineLimits } from "../stages/pipeline.js";

/** Pages that are read, upscaled and written side by side. */
export interface StageJobs {
  readonly load: number;
  readonly proc: number;
  readonly save: number;
}

/**
 * Places for pages: enough that the engine finds the next decoded page waiting and that encoding, the slowest stage
 * beside a fast GPU, has every core; no more, since each place is a page in memory.
 *
 * @param jobs null: by the cores and the engine
 */
export function pipelineLimits(
  engine: Pick<Engine, "lanes">,
  cores: number,
  jobs: StageJobs | null,
): PipelineLimits {
  const usual = { load: Math.max(1, Math.ceil(cores / 4)), proc: engine.lanes, save: cores };
  const { load, proc, save } = jobs ?? usual;
  return {
    decode: { concurrency: load, places: load + proc },
    upscale: { concurrency: proc, places: proc + 1 },
    encode: { concurrency: save, places: save },
  };
}

/** @returns pages that the stages of a worker on this machine hold at a time */
export function pipelinePlaces(cores: number): number {
  const { decode, upscale, encode } = pipelineLimits({ lanes: MOST_LANES }, cores, null);
  return decode.places + upscale.places + encode.places;
}
