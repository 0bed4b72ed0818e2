import { availableParallelism } from "node:os";
import { DEFAULT_WORKER_LIMITS } from "../../protocol/limits.js";
import type { Engine } from "../engine/engine.js";
import type { Log } from "../log.js";
import { configureCodecs } from "../stages/codec-settings.js";
import { createPageStages, type PageStages } from "../stages/page-stages.js";
import { PagePipeline, type PipelineLimits } from "../stages/pipeline.js";
import { PROGRAM_VERSION } from "../version.js";
import type { EngineChoice } from "./engine-options.js";
import { openEngine } from "./open-engine.js";

/** The stages around a loaded engine, ready for pages. */
export interface OpenedStages {
  readonly engine: Engine;
  readonly pipeline: PagePipeline;
}

/**
 * Places for pages: enough that the engine finds the next decoded page waiting and that encoding, the slowest stage
 * beside a fast GPU, has every core; no more, since each place is a page in memory.
 */
function pipelineLimits(engine: Engine, cores: number): PipelineLimits {
  const decoders = Math.max(1, Math.ceil(cores / 4));
  return {
    decode: { concurrency: decoders, places: decoders + engine.lanes },
    upscale: { concurrency: engine.lanes, places: engine.lanes + 1 },
    encode: { concurrency: cores, places: cores },
  };
}

/** What a pipeline is made of. */
export interface PipelineParts {
  readonly engine: Engine;
  readonly stages: PageStages;
  readonly limits: PipelineLimits;
}

/**
 * Loads the model and builds the stages around it.
 *
 * @throws {FatalError} gpu_init_failed, internal_fatal
 */
export async function openParts(choice: EngineChoice, log: Log): Promise<PipelineParts> {
  configureCodecs();
  const engine = await openEngine(choice, log);
  const { maxInputPixels } = DEFAULT_WORKER_LIMITS;
  const limits = pipelineLimits(engine, availableParallelism());
  const encoders = limits.encode.concurrency;
  const stages = createPageStages(engine, { maxInputPixels, programVersion: PROGRAM_VERSION, encoders });
  return { engine, stages, limits };
}

/** @throws {FatalError} gpu_init_failed, internal_fatal */
export async function openStages(choice: EngineChoice, log: Log): Promise<OpenedStages> {
  const { engine, stages, limits } = await openParts(choice, log);
  return { engine, pipeline: new PagePipeline(stages, limits, () => performance.now()) };
}
