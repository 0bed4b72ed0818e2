import { PROGRESS_INTERVAL_MS } from "../../protocol/limits.js";
import { PRIORITY, type UpscaleMessage } from "../../protocol/messages.js";
import type { UpscalerError } from "../errors.js";
import type { PageJob, PageOptions } from "../stages/job.js";
import type { EncodedStrip } from "../stages/page.js";
import type { Clock } from "./clock.js";
import { pageOptionsOf } from "./request-options.js";

/** What a job tells the session about. */
export interface JobEvents {
  /** The time that the client gave the job is over. */
  onDeadline(job: Job): void;
  onProgress(job: Job, done: number, total: number): void;
  onStrip(job: Job, strip: EncodedStrip): void;
}

/** One accepted request until its answer: what the stages work on, and how the session steers it. */
export class Job implements PageJob {
  readonly id: number;
  readonly data: Uint8Array;
  readonly options: PageOptions;
  /** Goes back with every message about the request. */
  readonly label: string | undefined;
  readonly arrivedAt: number;
  readonly onProgress?: (tilesDone: number, tilesTotal: number) => void;
  onPriority: (() => void) | null = null;
  isRunning = false;

  readonly #clock: Clock;
  readonly #events: JobEvents;
  readonly #abortion = new AbortController();
  #priority: number;
  #lastProgressAt = Number.NEGATIVE_INFINITY;
  #cancelDeadline: (() => void) | null = null;

  /** The request's `timeout_ms` starts to run here. */
  constructor(request: UpscaleMessage, clock: Clock, events: JobEvents) {
    this.id = request.id;
    this.data = request.data;
    this.options = pageOptionsOf(request);
    this.label = request.label;
    this.#priority = request.priority ?? PRIORITY.normal;
    if (request.progress === true) this.onProgress = (done, total) => this.#tellProgress(done, total);
    this.#clock = clock;
    this.#events = events;
    this.arrivedAt = clock.now();
    if (request.timeout_ms !== undefined) this.setDeadline(request.timeout_ms);
  }

  get priority(): number {
    return this.#priority;
  }

  set priority(priority: number) {
    this.#priority = priority;
    this.onPriority?.();
  }

  get signal(): AbortSignal {
    return this.#abortion.signal;
  }

  /** Gives the job `ms` milliseconds from now, in place of what it had. */
  setDeadline(ms: number): void {
    this.#cancelDeadline?.();
    this.#cancelDeadline = this.#clock.after(ms, () => this.#events.onDeadline(this));
  }

  onStrip(strip: EncodedStrip): void {
    this.#events.onStrip(this, strip);
  }

  /** Asks the stages to stop. */
  abort(reason: UpscalerError): void {
    this.#abortion.abort(reason);
  }

  /** Ends the deadline; the job has its answer. */
  release(): void {
    this.#cancelDeadline?.();
    this.#cancelDeadline = null;
  }

  /** Stages tell as often as they like; the client is told at a bounded rate. */
  #tellProgress(done: number, total: number): void {
    const now = this.#clock.now();
    if (now - this.#lastProgressAt < PROGRESS_INTERVAL_MS) return;
    this.#lastProgressAt = now;
    this.#events.onProgress(this, done, total);
  }
}
