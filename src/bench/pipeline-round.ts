import { setMaxListeners } from "node:events";
import { UpscalerError } from "../errors.js";
import type { PageJob } from "../stages/job.js";
import type { PageStages } from "../stages/page-stages.js";
import {
  PagePipeline,
  type PipelineCounters,
  type PipelineLimits,
  type StageName,
} from "../stages/pipeline.js";
import type { Entrant, StageCounters } from "../stages/stage-queue.js";
import type { ByStage } from "./pipeline-costs.js";
import type { Timeline, TimelineBar } from "./timeline-svg.js";

/** What happened in one stage while the pipeline was full. */
export interface StageLoad {
  /** Time of work by the time that its workers had, 0 to 1. */
  readonly busy: number;
  /** Pages that waited at its door: mean over the time, and most at once since the round began. */
  readonly meanQueued: number;
  readonly mostQueued: number;
  /** Of one page, in milliseconds; the longest since the round began. */
  readonly meanWaitMs: number;
  readonly longestWaitMs: number;
}

export interface PipelineRound {
  readonly pagesPerSecond: number;
  readonly cpuMsPerPage: number;
  /** Mean number of cores that the process kept busy. */
  readonly coresBusy: number;
  readonly stages: ByStage<StageLoad>;
  readonly timeline: Timeline;
}

export interface RoundPlan {
  readonly stages: PageStages;
  readonly limits: PipelineLimits;
  /** Pages that are counted. */
  readonly count: number;
  /** @returns the page to start next, which ends early when the signal is aborted */
  createJob(index: number, signal: AbortSignal): PageJob;
}

interface Snapshot {
  readonly at: number;
  readonly cpu: NodeJS.CpuUsage;
  readonly counters: PipelineCounters;
}

/** Of every page here: which of them is more urgent is no matter of throughput. */
export const BENCH_PRIORITY = 1;

const now = () => performance.now();

/**
 * Runs one page after the other through the pipeline, each starting when the one before has ended.
 *
 * @returns pages a second
 */
export async function runSequentially({ stages, limits, count, createJob }: RoundPlan): Promise<number> {
  const pipeline = new PagePipeline(stages, limits, now);
  const never = new AbortController().signal;
  const started = now();
  for (let index = 0; index < count; index++) await pipeline.process(createJob(index, never));
  return (count * 1000) / (now() - started);
}

/** Starts pages whenever there is room, until enough of them are done; what is left then is given up. */
class Supply {
  readonly #plan: RoundPlan;
  readonly #pipeline: PagePipeline;
  readonly #ending = new AbortController();
  readonly #running = new Set<Promise<void>>();
  readonly #warmUp: number;
  readonly #bars: (TimelineBar & { readonly stage: StageName; readonly place: number })[] = [];
  readonly #pageNumbers = new Map<Entrant, number>();
  readonly #snapshots: Snapshot[] = [];
  #failure: unknown = null;
  #done = 0;

  constructor(plan: RoundPlan) {
    this.#plan = plan;
    // All pages of the round end together, so all listen to one signal: no leak.
    setMaxListeners(0, this.#ending.signal);
    // The encoders start together; when the first of their pages are done each has come to its own pace.
    this.#warmUp = plan.limits.encode.concurrency;
    this.#pipeline = new PagePipeline(plan.stages, plan.limits, now, (stage, visit) => {
      const { entrant, place, startedAt, endedAt, leftAt } = visit;
      const page = this.#pageNumbers.get(entrant) ?? 0;
      this.#bars.push({ stage, place, page, startedAt, endedAt, leftAt });
    });
    this.#pipeline.onRoom = () => this.#start();
  }

  /** @throws what a page failed with */
  async run(): Promise<PipelineRound> {
    this.#start();
    while (this.#running.size > 0) await Promise.race(this.#running);
    if (this.#failure !== null) throw this.#failure;
    const [opening, closing] = this.#snapshots;
    if (!opening || !closing) throw new Error("a round ended before its pages were done");
    return this.#describe(opening, closing);
  }

  #start(): void {
    const { signal } = this.#ending;
    while (!signal.aborted && this.#pipeline.hasRoomFor(BENCH_PRIORITY)) {
      const index = this.#pageNumbers.size;
      const job = this.#plan.createJob(index, signal);
      this.#pageNumbers.set(job, index);
      const running = this.#pipeline
        .process(job)
        .then(
          () => this.#onDone(),
          (reason: unknown) => this.#onFailed(reason),
        )
        .finally(() => this.#running.delete(running));
      this.#running.add(running);
    }
  }

  #onDone(): void {
    if (this.#ending.signal.aborted) return;
    this.#done++;
    if (this.#done === this.#warmUp) this.#takeSnapshot();
    if (this.#done < this.#warmUp + this.#plan.count) return;
    this.#takeSnapshot();
    this.#end();
  }

  #onFailed(reason: unknown): void {
    if (this.#ending.signal.aborted) return;
    this.#failure = reason;
    this.#end();
  }

  #end(): void {
    this.#ending.abort(new UpscalerError("cancelled", "the round is over"));
  }

  #takeSnapshot(): void {
    this.#snapshots.push({ at: now(), cpu: process.cpuUsage(), counters: this.#pipeline.counters });
  }

  #describe(opening: Snapshot, closing: Snapshot): PipelineRound {
    const { count, limits } = this.#plan;
    const ms = closing.at - opening.at;
    const { user, system } = closing.cpu;
    const cpuMs = (user - opening.cpu.user + system - opening.cpu.system) / 1000;
    const load = (name: StageName) =>
      stageLoad(opening.counters[name], closing.counters[name], ms, limits[name].concurrency);
    return {
      pagesPerSecond: (count * 1000) / ms,
      cpuMsPerPage: cpuMs / count,
      coresBusy: cpuMs / ms,
      stages: { decode: load("decode"), upscale: load("upscale"), encode: load("encode") },
      timeline: { limits, bars: this.#bars, from: opening.at, to: closing.at },
    };
  }
}

function stageLoad(before: StageCounters, after: StageCounters, ms: number, workers: number): StageLoad {
  const waitedMs = (after.waitedUs - before.waitedUs) / 1000;
  const entered = after.entered - before.entered;
  return {
    busy: (after.busyUs - before.busyUs) / 1000 / (ms * workers),
    meanQueued: waitedMs / ms,
    mostQueued: after.mostWaiting,
    meanWaitMs: entered > 0 ? waitedMs / entered : 0,
    longestWaitMs: after.longestWaitUs / 1000,
  };
}

/**
 * Keeps the pipeline full and measures from the moment when its first pages are done until `count` more are: neither
 * filling nor emptying counts.
 *
 * @throws what a page failed with
 */
export function runFull(plan: RoundPlan): Promise<PipelineRound> {
  return new Supply(plan).run();
}
