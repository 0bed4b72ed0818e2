import { setMaxListeners } from "node:events";
import { median } from "../median.js";
import type { PageJob } from "../stages/job.js";
import type { PageStages } from "../stages/page-stages.js";
import type { PipelineLimits } from "../stages/pipeline.js";
import { type ByStage, measureLoaded, STAGE_NAMES, type StageCost, withCosts } from "./pipeline-costs.js";
import { type PipelineRound, runFull, runSequentially } from "./pipeline-round.js";

export interface PipelinePlan {
  readonly stages: PageStages;
  readonly limits: PipelineLimits;
  /** Different pages, each as a job of its own. */
  readonly pages: number;
  createJob(index: number, signal: AbortSignal): PageJob;
  /** Pages of one round through the full pipeline. */
  readonly count: number;
  readonly rounds: number;
}

/** What was measured of one pipeline. Costs are medians over pages. */
export interface PipelineMeasurement {
  /** One page at a time. */
  readonly alone: ByStage<StageCost>;
  /** Each stage with the machine to itself, as many pages at once as it may have. */
  readonly loaded: ByStage<StageCost>;
  readonly rounds: readonly { readonly sequential: number; readonly full: PipelineRound }[];
}

/** Pages of the sequential half of a round: slower than many at once, and no less even. */
export function sequentialPages(count: number): number {
  return Math.max(3, Math.ceil(count / 4));
}

function medianCost(samples: readonly StageCost[]): StageCost {
  return {
    wallMs: median(samples.map(({ wallMs }) => wallMs)),
    cpuMs: median(samples.map(({ cpuMs }) => cpuMs)),
  };
}

/**
 * Measures the stages alone and loaded, then rounds in which one page at a time and the full pipeline take turns, so
 * that whatever else the machine does falls on both.
 *
 * @throws what a page failed with
 */
export async function benchPipeline(plan: PipelinePlan): Promise<PipelineMeasurement> {
  const { stages, limits, count, createJob } = plan;
  const never = new AbortController().signal;
  // Of every page that is measured side by side with others.
  setMaxListeners(0, never);
  const jobs = Array.from({ length: plan.pages }, (_, index) => createJob(index, never));
  await runSequentially({ stages, limits, count: 1, createJob });
  const loaded = await measureLoaded(stages, limits, jobs);
  const samples: ByStage<StageCost[]> = { decode: [], upscale: [], encode: [] };
  const recording = withCosts(stages, (stage, cost) => samples[stage].push(cost));
  const rounds: PipelineMeasurement["rounds"][number][] = [];
  for (let round = 0; round < plan.rounds; round++) {
    const one = { stages: recording, limits, count: sequentialPages(count), createJob };
    const sequential = await runSequentially(one);
    rounds.push({ sequential, full: await runFull({ stages, limits, count, createJob }) });
  }
  const [decode, upscale, encode] = STAGE_NAMES.map((name) => medianCost(samples[name])) as [
    StageCost,
    StageCost,
    StageCost,
  ];
  return { alone: { decode, upscale, encode }, loaded, rounds };
}
