import type { EncodeResult } from "./encode.js";
import type { PageJob, PageProcessor, PageResult } from "./job.js";
import type { Page } from "./page.js";
import type { PageStages } from "./page-stages.js";
import {
  type Place,
  type StageCounters,
  type StageLimits,
  StageQueue,
  type StageVisit,
} from "./stage-queue.js";

export interface PipelineLimits {
  readonly decode: StageLimits;
  readonly upscale: StageLimits;
  readonly encode: StageLimits;
}

export type StageName = keyof PipelineLimits;

/** Is told of every stay of a job in a stage once it is over; the entrant is the job. */
export type PipelineObserver = (stage: StageName, visit: StageVisit) => void;

/** Counters of every stage, for statistics. */
export type PipelineCounters = Readonly<Record<StageName, StageCounters>>;

/** A value that is forgotten once it is taken, so that only its taker decides how long it stays in memory. */
class Handover<Value> {
  #value: Value | null;

  constructor(value: Value) {
    this.#value = value;
  }

  take(): Value {
    const value = this.#value;
    if (value === null) throw new Error("a value can be handed over once only");
    this.#value = null;
    return value;
  }
}

/** A job's stay in the pipeline: the one place that it holds at a time. */
class Passage {
  #place: Place | null = null;
  readonly #job: PageJob;

  constructor(job: PageJob) {
    this.#job = job;
  }

  /**
   * Waits for a place in the next stage, gives up the one in the stage before, and works there.
   *
   * @throws what the work throws, or the signal's reason when it is aborted before, meanwhile or right after
   */
  async through<Value>(
    queue: StageQueue,
    work: () => Promise<Value>,
  ): Promise<{ value: Value; microseconds: number }> {
    const place = await queue.enter(this.#job);
    this.leave();
    this.#place = place;
    this.#job.signal.throwIfAborted();
    const done = await place.perform(work);
    this.#job.signal.throwIfAborted();
    return done;
  }

  leave(): void {
    this.#place?.release();
    this.#place = null;
  }
}

/**
 * Runs jobs through decode, upscale and encode, overlapped: while one page is upscaled, others are decoded and encoded.
 * A page holds its place in a stage until the next stage takes it, so that the places bound how many pages are in
 * memory. Main thread only.
 */
export class PagePipeline implements PageProcessor {
  onRoom: (() => void) | null = null;
  readonly #stages: PageStages;
  readonly #decode: StageQueue;
  readonly #upscale: StageQueue;
  readonly #encode: StageQueue;

  /**
   * @param now monotonic time in milliseconds, fractions included
   * @param observe for measuring; costs nothing when absent
   */
  constructor(stages: PageStages, limits: PipelineLimits, now: () => number, observe?: PipelineObserver) {
    this.#stages = stages;
    const onVisit = (stage: StageName) => observe && ((visit: StageVisit) => observe(stage, visit));
    this.#decode = new StageQueue(limits.decode, now, {
      onVisit: onVisit("decode"),
      onFreed: () => this.onRoom?.(),
    });
    this.#upscale = new StageQueue(limits.upscale, now, { onVisit: onVisit("upscale") });
    this.#encode = new StageQueue(limits.encode, now, { onVisit: onVisit("encode") });
  }

  hasRoomFor(priority: number): boolean {
    return this.#decode.hasRoomFor(priority);
  }

  get counters(): PipelineCounters {
    return {
      decode: this.#decode.counters,
      upscale: this.#upscale.counters,
      encode: this.#encode.counters,
    };
  }

  async process(job: PageJob): Promise<PageResult> {
    const passage = new Passage(job);
    try {
      this.#stages.expectSupported(job.options);
      const decoded = await passage.through(this.#decode, () => this.#decodePage(job));
      const upscaled = await passage.through(this.#upscale, () => this.#upscalePage(decoded.value.page, job));
      const encoded = await passage.through(this.#encode, () => this.#encodePage(upscaled.value.page, job));
      const { source, cacheKey } = decoded.value;
      const { model, precision, tile, device } = upscaled.value;
      return {
        page: encoded.value.page,
        ...{ source, model, precision, tile, device, cacheKey },
        warnings: [...upscaled.value.warnings, ...encoded.value.warnings],
        timings: {
          decode: decoded.microseconds,
          upscale: upscaled.microseconds,
          encode: encoded.microseconds,
        },
      };
    } finally {
      passage.leave();
    }
  }

  async #decodePage(job: PageJob) {
    const [page, cacheKey] = await Promise.all([this.#stages.decode(job.data), this.#stages.cacheKey(job)]);
    // Before the page waits for the engine: a result that cannot be written is not worth computing.
    this.#stages.expectWritable(page.colour, job.options);
    return { page: new Handover(page), source: page.source, cacheKey };
  }

  async #upscalePage(decoded: Handover<Page>, job: PageJob) {
    const { page, ...made } = await this.#stages.upscale(decoded.take(), job);
    return { page: new Handover(page), warnings: page.warnings, ...made };
  }

  #encodePage(upscaled: Handover<Page>, job: PageJob): Promise<EncodeResult> {
    return this.#stages.encode(upscaled.take(), job, !this.hasRoomFor(job.priority));
  }
}
