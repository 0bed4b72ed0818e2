import type { WorkerLimits } from "../../protocol/limits.js";
import type { UpdateMessage, UpscaleMessage } from "../../protocol/messages.js";
import { FatalError, UpscalerError } from "../errors.js";
import type { Log } from "../log.js";
import type { PageProcessor, PageResult } from "../stages/job.js";
import type { EncodedStrip } from "../stages/page.js";
import { UnsendableMessage } from "../wire/codec.js";
import { asFatalError, asRequestError, errorMessage, resultMessage } from "./answers.js";
import type { Clock } from "./clock.js";
import { Job, type JobEvents } from "./job.js";
import type { Outbox } from "./outbox.js";
import { findModelMismatch, type ReadyInfo } from "./request-options.js";
import { RequestTracker } from "./request-tracker.js";
import { Scheduler } from "./scheduler.js";
import { toU32 } from "./wire-values.js";

export interface WorkloadEvents {
  /** A live request was answered. */
  onAnswered(): void;
  /** The last live request was answered. */
  onIdle(): void;
  /** The device can no longer be used. */
  onDeviceLost(): void;
  /** The stages say that the process cannot go on. */
  onFatal(error: FatalError): void;
}

export interface WorkloadParts {
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly limits: Pick<WorkerLimits, "maxInFlight" | "maxInFlightBytes">;
  readonly log: Log;
  readonly events: WorkloadEvents;
}

/** Every request from its arrival to its one answer. */
export class Workload implements JobEvents {
  /** Requests past the limits are taken, since the session stops reading instead. */
  takesMore = false;
  readonly #parts: WorkloadParts;
  readonly #tracker = new RequestTracker();
  readonly #waiting = new Scheduler<Job>();
  readonly #outcomes = new Map<string, number>();
  #stages: { readonly processor: PageProcessor; readonly ready: ReadyInfo } | null = null;
  #refusal: UpscalerError | null = null;

  constructor(parts: WorkloadParts) {
    this.#parts = parts;
  }

  get isIdle(): boolean {
    return this.#tracker.size === 0;
  }

  get queued(): number {
    return this.#waiting.size;
  }

  /** Requests that were started and have no answer yet. */
  get running(): number {
    return this.#tracker.size - this.#waiting.size;
  }

  get bytes(): number {
    return this.#tracker.bytes;
  }

  /** Whether a limit of what is in flight is reached. */
  get isFull(): boolean {
    const { maxInFlight, maxInFlightBytes } = this.#parts.limits;
    return this.#tracker.size >= maxInFlight || this.#tracker.bytes >= maxInFlightBytes;
  }

  /** Answers since the start, by `result` or the code of their error. */
  get outcomes(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#outcomes);
  }

  /** The stages are ready: what has waited for them starts, unless their models cannot serve it. */
  attach(processor: PageProcessor, ready: ReadyInfo): void {
    this.#stages = { processor, ready };
    processor.onRoom = () => this.startWaiting();
    for (const job of this.#waiting.list()) {
      const mismatch = findModelMismatch(job.options, ready);
      if (mismatch !== null) this.abort(job, mismatch);
    }
    this.startWaiting();
  }

  /** Whether a request with this id waits for its answer. */
  isLive(id: number): boolean {
    return this.#tracker.has(id);
  }

  /** @throws {FatalError} duplicate_id */
  requireUnusedId(id: number): void {
    this.#tracker.requireUnused(id);
  }

  /**
   * Takes a request, or answers at once why not.
   *
   * @throws {FatalError} duplicate_id
   */
  accept(request: UpscaleMessage): void {
    this.requireUnusedId(request.id);
    const refusal = this.#refusal ?? this.#findOverload(request);
    if (refusal !== null) {
      this.refuse(request.id, refusal, request.label);
      return;
    }
    const job = new Job(request, this.#parts.clock, this);
    this.#tracker.open(job);
    this.#waiting.add(job);
    const mismatch = this.#stages === null ? null : findModelMismatch(job.options, this.#stages.ready);
    if (mismatch === null) this.startWaiting();
    else this.abort(job, mismatch);
  }

  /** Answers a request that never became live. */
  refuse(id: number, error: UpscalerError, label?: string): void {
    this.#count(error.code);
    this.#parts.log.debug("page refused", { id, code: error.code });
    this.#parts.outbox.send(errorMessage(id, error, label));
  }

  update(message: UpdateMessage): void {
    const job = this.#tracker.find(message.id);
    if (job === null) return;
    if (message.priority !== undefined) job.priority = message.priority;
    if (message.timeout_ms !== undefined) job.setDeadline(message.timeout_ms);
  }

  /** Ends the live request with this id, if there is one. */
  abortId(id: number, error: UpscalerError): void {
    const job = this.#tracker.find(id);
    if (job !== null) this.abort(job, error);
  }

  /**
   * Answers now and lets the stages stop when they can: the client does not wait for a tile to end, and an answer is
   * due even from stages that hang. What they still deliver is dropped.
   */
  abort(job: Job, error: UpscalerError): void {
    if (!this.#tracker.close(job)) return;
    this.#waiting.remove(job);
    this.#settle(job, () => this.refuse(job.id, error, job.label));
    job.abort(error);
    this.#announceAnswered();
  }

  /** Refuses whatever comes from now on. */
  refuseNew(error: UpscalerError): void {
    this.#refusal ??= error;
  }

  abortWaiting(error: UpscalerError): void {
    for (const job of this.#waiting.list()) this.abort(job, error);
  }

  abortAll(error: UpscalerError): void {
    for (const job of this.#tracker.list()) this.abort(job, error);
  }

  /** Starts waiting requests while the stages have room and the client keeps up with reading. */
  startWaiting(): void {
    if (this.#stages === null) return;
    const { processor } = this.#stages;
    while (!this.#parts.outbox.isBacklogged) {
      const { next } = this.#waiting;
      if (next === null || !processor.hasRoomFor(next.priority)) return;
      const job = this.#waiting.take();
      if (job === null) return;
      const { onFatal } = this.#parts.events;
      this.#run(job, processor).catch((thrown) => onFatal(asFatalError(thrown, "internal_fatal")));
    }
  }

  onDeadline(job: Job): void {
    const where = job.isRunning ? "while it was processed" : "before it was started";
    const waited = Math.round(this.#parts.clock.now() - job.arrivedAt);
    const message = `expected the page within timeout_ms, received none: ${waited} ms had passed ${where}`;
    this.abort(job, new UpscalerError("deadline_exceeded", message));
  }

  onProgress(job: Job, done: number, total: number): void {
    const { outbox } = this.#parts;
    if (this.#tracker.find(job.id) !== job || outbox.isBacklogged) return;
    outbox.send({ t: "progress", id: job.id, done: toU32(done), total: toU32(total) });
  }

  onStrip(job: Job, strip: EncodedStrip): void {
    if (this.#tracker.find(job.id) !== job) return;
    this.#parts.outbox.send({ t: "strip", id: job.id, label: job.label, ...strip });
  }

  async #run(job: Job, processor: PageProcessor): Promise<void> {
    job.isRunning = true;
    let result: PageResult;
    try {
      result = await processor.process(job);
    } catch (thrown) {
      this.#fail(job, thrown);
      return;
    }
    this.#succeed(job, result);
  }

  #succeed(job: Job, result: PageResult): void {
    if (!this.#tracker.close(job)) return;
    this.#settle(job, () => {
      this.#sendResult(job, result);
      this.#count("result");
    });
    this.#announceAnswered();
  }

  /** @throws {UpscalerError} output_too_large, internal: the result cannot be sent, and nothing of it was */
  #sendResult(job: Job, result: PageResult): void {
    const { outbox, clock, log } = this.#parts;
    const message = resultMessage(job, result, clock.now());
    try {
      outbox.send(message);
      log.debug("page done", { id: job.id, ...message.timings_us });
    } catch (thrown) {
      if (thrown instanceof UnsendableMessage && thrown.isTooLarge) {
        throw new UpscalerError(
          "output_too_large",
          `${thrown.message}; fit or another format makes it smaller`,
        );
      }
      throw thrown;
    }
  }

  #fail(job: Job, thrown: unknown): void {
    const error = asRequestError(thrown);
    // The state of the device concerns every request, so it counts even when this one was answered before, and is told
    // before: a client that has heard it may keep the request for the next worker.
    if (error.code === "gpu_lost") this.#parts.events.onDeviceLost();
    const isFirst = this.#tracker.close(job);
    if (isFirst) {
      if (error.code === "internal") {
        this.#parts.log.error("a request failed", { id: job.id, reason: error.detail ?? error.message });
      }
      this.#settle(job, () => this.refuse(job.id, error, job.label));
    }
    if (thrown instanceof FatalError) this.#parts.events.onFatal(thrown);
    if (isFirst) this.#announceAnswered();
  }

  /** Answers a job that was closed; an answer that cannot be sent becomes an error that can. */
  #settle(job: Job, answer: () => void): void {
    job.release();
    try {
      answer();
    } catch (thrown) {
      this.#parts.log.error("an answer could not be sent", { id: job.id, reason: String(thrown) });
      this.refuse(job.id, asRequestError(thrown), job.label);
    }
  }

  #announceAnswered(): void {
    this.#parts.events.onAnswered();
    if (this.isIdle) this.#parts.events.onIdle();
  }

  #count(outcome: string): void {
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
  }

  #findOverload(request: UpscaleMessage): UpscalerError | null {
    if (this.takesMore) return null;
    const { maxInFlight, maxInFlightBytes } = this.#parts.limits;
    if (this.#tracker.size >= maxInFlight) {
      return new UpscalerError(
        "overloaded",
        `expected at most ${maxInFlight} requests without an answer, received one more`,
      );
    }
    const bytes = this.#tracker.bytes + request.data.byteLength;
    if (bytes <= maxInFlightBytes) return null;
    return new UpscalerError(
      "overloaded",
      `expected at most ${maxInFlightBytes} bytes of images without an answer, received ${bytes}`,
    );
  }
}
