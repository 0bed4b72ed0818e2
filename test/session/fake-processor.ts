import { UpscalerError } from "../../src/errors.js";
import type { PageJob, PageProcessor, PageResult } from "../../src/stages/job.js";

interface Held {
  readonly job: PageJob;
  readonly resolve: (result: PageResult) => void;
  readonly reject: (reason: unknown) => void;
}

export function pageResult(
  data: Uint8Array = Buffer.from("webp"),
  changes: Partial<PageResult> = {},
): PageResult {
  return {
    page: { data, width: 20, height: 30, format: "webp", effort: 2 },
    source: { width: 10, height: 15, format: "jpeg" },
    model: "plain-2x",
    precision: "fp16",
    tile: 512,
    device: "Fake GPU",
    cacheKey: "c0ffee",
    warnings: [],
    timings: { decode: 1000, upscale: 5000, encode: 2000 },
    ...changes,
  };
}

/** Jobs that start when the session says so and end when the test says so. */
export class FakeProcessor implements PageProcessor {
  onRoom: (() => void) | null = null;
  /** Jobs in the order of their start. */
  readonly started: PageJob[] = [];
  readonly #held: Held[] = [];
  readonly #places: number;
  readonly #obeysAbort: boolean;

  /** @param obeysAbort whether an aborted job fails at once, as it should, or goes on */
  constructor(places = 1, obeysAbort = true) {
    this.#places = places;
    this.#obeysAbort = obeysAbort;
  }

  hasRoomFor(): boolean {
    return this.#held.length < this.#places;
  }

  /** @returns the code of the reason why a job was aborted, by the order of its start */
  abortCode(index: number): unknown {
    const reason: unknown = this.started[index]?.signal.reason;
    return reason instanceof UpscalerError ? reason.code : reason;
  }

  get occupied(): number {
    return this.#held.length;
  }

  process(job: PageJob): Promise<PageResult> {
    if (!this.hasRoomFor()) throw new Error("a job was started without room for it");
    this.started.push(job);
    return new Promise((resolve, reject) => {
      this.#held.push({ job, resolve, reject });
      if (this.#obeysAbort) job.signal.addEventListener("abort", () => this.fail(job.signal.reason, job));
    });
  }

  /** Ends a job, the one that has run longest unless one is named. */
  finish(result: PageResult = pageResult(), job?: PageJob): void {
    this.#take(job)?.resolve(result);
    setImmediate(() => this.onRoom?.());
  }

  fail(reason: unknown, job?: PageJob): void {
    this.#take(job)?.reject(reason);
    setImmediate(() => this.onRoom?.());
  }

  #take(job?: PageJob): Held | undefined {
    const index = job === undefined ? 0 : this.#held.findIndex((held) => held.job === job);
    return index < 0 ? undefined : this.#held.splice(index, 1)[0];
  }
}
