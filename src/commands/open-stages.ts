import { availableParallelism } from "node:os";
import { DEFAULT_WORKER_LIMITS } from "../../protocol/limits.js";
import type { Engine } from "../engine/engine.js";
import type { Log } from "../log.js";
import { configureCodecs } from "../stages/codec-settings.js";
import { inspectPage } from "../stages/decode.js";
import type { PageJob, PageProcessor } from "../stages/job.js";
import { MemoryAccount } from "../stages/memory-account.js";
import { MemoryGate } from "../stages/memory-gate.js";
import { pageMemory } from "../stages/page-memory.js";
import { PageScales } from "../stages/page-scales.js";
import { createPageStages, type PageStages } from "../stages/page-stages.js";
import { PagePipeline, type PipelineLimits } from "../stages/pipeline.js";
import { TtaEngine, ttaMemory } from "../stages/tta-engine.js";
import { openWebpEncoder } from "../stages/webp-encoder.js";
import { PROGRAM_VERSION } from "../version.js";
import type { EngineChoice } from "./engine-options.js";
import { memoryShares } from "./memory-shares.js";
import { openEngine } from "./open-engine.js";
import { pipelineLimits, type StageJobs } from "./pipeline-limits.js";

/** What the command line says about the stages, beside the engine. */
export interface StagesChoice {
  /** Absent or null: by the cores and the device. */
  readonly jobs?: StageJobs | null;
  /** Average over the eight ways to turn and mirror a page. */
  readonly tta?: boolean;
}

/** The stages around a loaded engine, ready for pages. */
export interface OpenedStages {
  readonly engine: Engine;
  readonly scales: PageScales;
  readonly pipeline: PagePipeline;
  /** The pipeline behind its bound of memory: what pages are given to. */
  readonly processor: PageProcessor;
  readonly memory: MemoryAccount;
}

/** What a pipeline is made of. */
export interface PipelineParts {
  readonly engine: Engine;
  readonly scales: PageScales;
  readonly stages: PageStages;
  readonly limits: PipelineLimits;
}

/**
 * Loads the model and builds the stages around it.
 *
 * @param engineOrPromise the engine, where it is loaded or being loaded already
 * @throws {FatalError} gpu_init_failed, internal_fatal
 */
export async function openParts(
  choice: EngineChoice & StagesChoice,
  log: Log,
  engineOrPromise: Engine | Promise<Engine> = openEngine(choice, log),
): Promise<PipelineParts> {
  configureCodecs();
  const loaded = await engineOrPromise;
  const engine = choice.tta ? new TtaEngine(loaded) : loaded;
  const scales = new PageScales(engine.scale, choice.scale);
  const { maxInputPixels } = DEFAULT_WORKER_LIMITS;
  const limits = pipelineLimits(engine, availableParallelism(), choice.jobs ?? null);
  const encoders = limits.encode.concurrency;
  const webp = openWebpEncoder(log);
  const stages = createPageStages(engine, {
    maxInputPixels,
    programVersion: PROGRAM_VERSION,
    scales,
    encoders,
    webp,
  });
  return { engine, scales, stages, limits };
}

/**
 * Puts the bound of memory in front of a pipeline.
 *
 * @param settings `maxMemoryMb` 0 for a share of the machine's memory
 */
export function boundMemory(
  pipeline: PagePipeline,
  stages: PageStages,
  { engine, scales }: { readonly engine: Pick<Engine, "scale">; readonly scales: PageScales },
  settings: { readonly maxInputPixels: number; readonly maxMemoryMb: number; readonly tta?: boolean },
  log: Log,
): Pick<OpenedStages, "processor" | "memory"> {
  const memory = new MemoryAccount(memoryShares(settings.maxMemoryMb).pages);
  const limits = { maxPixels: settings.maxInputPixels };
  const measure = async ({ data, options }: PageJob) => {
    stages.expectSupported(options);
    const page = await inspectPage(data, limits);
    const { width, height, autoOrient } = page.header;
    stages.expectWritable(autoOrient, options);
    const enlargement = scales.enlargementFor(options);
    const bytes = pageMemory(page, options, enlargement);
    const pixels = width * height * (enlargement.between ?? 1) ** 2;
    return settings.tta ? bytes + ttaMemory(pixels, engine.scale) : bytes;
  };
  return { memory, processor: new MemoryGate(pipeline, memory, measure, log) };
}

/** As openParts, with the pipeline and the bound of its memory. */
export async function openStages(
  choice: EngineChoice & StagesChoice,
  log: Log,
  engineOrPromise?: Engine | Promise<Engine>,
): Promise<OpenedStages> {
  const { engine, scales, stages, limits } = await openParts(choice, log, engineOrPromise);
  const pipeline = new PagePipeline(stages, limits, () => performance.now());
  const settings = {
    maxInputPixels: DEFAULT_WORKER_LIMITS.maxInputPixels,
    maxMemoryMb: choice.maxMemory,
    tta: choice.tta ?? false,
  };
  const bounded = boundMemory(pipeline, stages, { engine, scales }, settings, log);
  return { engine, scales, pipeline, ...bounded };
}
