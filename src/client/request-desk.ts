import type { ErrorMessage, ProgressMessage, ResultMessage, StripMessage } from "../../protocol/messages.js";
import { CLIENT_MESSAGES } from "../../protocol/messages.js";
import { messageOf } from "../errors.js";
import type { Clock } from "../session/clock.js";
import { checkFields } from "../wire/validate.js";
import { InputQuarantined, QueueFull, RequestError } from "./client-errors.js";
import { changeOf, fixedFieldsOf, type UpdateOptions, type UpscaleOptions } from "./client-options.js";
import { PageRequest } from "./page-request.js";
import { Quarantine } from "./quarantine.js";
import { RequestBook } from "./request-book.js";
import { toUpscaleResult } from "./upscale-result.js";
import type { WorkerConnection } from "./worker-connection.js";

export interface RequestDeskParts {
  readonly clock: Clock;
  readonly maxInFlight: number;
  readonly maxQueued: number;
  /** The connection to the present worker, null when there is none. */
  connection(): WorkerConnection | null;
  /** Whether the present worker has said that it leaves, and another one will follow. */
  isBeingReplaced(): boolean;
  /** A request was sent, or has left. */
  onChange(): void;
}

/** Crashes after which a request is not sent again, whatever its input. */
const MAX_CRASHES = 2;

/** Lost devices after which a request is not sent again: it may be what the driver cannot bear. */
const MAX_DEVICE_LOSSES = 2;

/** Takes every request to exactly one end: an answer of a worker, or the client's own reason why there is none. */
export class RequestDesk {
  readonly #parts: RequestDeskParts;
  readonly #book = new RequestBook();
  readonly #quarantine = new Quarantine();
  #arrivals = 0;

  constructor(parts: RequestDeskParts) {
    this.#parts = parts;
  }

  get waiting(): number {
    return this.#book.waiting;
  }

  get inFlight(): number {
    return this.#book.inFlight;
  }

  /** Takes a page in. Whatever is wrong comes through the request's promise. */
  submit(data: Uint8Array, options: UpscaleOptions): PageRequest {
    const request = new PageRequest({
      sequence: ++this.#arrivals,
      data,
      fields: fixedFieldsOf(options),
      change: changeOf(options),
      clock: this.#parts.clock,
      events: { onDeadline: (late) => this.#onDeadline(late) },
      onProgress: options.onProgress,
      onStrip: options.onStrip,
    });
    const { signal } = options;
    if (signal?.aborted === true) {
      request.reject(signal.reason);
      return request;
    }
    const refusal = this.#findRefusal(request);
    if (refusal !== null) {
      request.reject(refusal);
      return request;
    }
    if (signal !== undefined) this.#obey(signal, request);
    this.#book.wait(request);
    this.dispatch();
    return request;
  }

  /** Sends what waits, as far as the worker has room. */
  dispatch(): void {
    for (;;) {
      const connection = this.#parts.connection();
      const limits = connection?.isOpen === true ? connection.hello?.limits : undefined;
      if (connection === null || limits === undefined) return;
      const request = this.#book.take({
        requests: Math.min(limits.max_in_flight, this.#parts.maxInFlight),
        bytes: limits.max_in_flight_bytes,
      });
      if (request === null) return;
      this.#send(request, connection);
      this.#parts.onChange();
    }
  }

  /** @throws {RequestError} invalid_request */
  update(request: PageRequest, options: UpdateOptions): void {
    const change = changeOf(options);
    const checked = checkFields(CLIENT_MESSAGES.update, { t: "update", id: request.id ?? 1, ...change });
    if (!checked.ok) throw new RequestError("invalid_request", checked.problem);
    if (request.isSettled) return;
    request.change(change);
    if (request.id !== null) this.#parts.connection()?.update({ id: request.id, ...change });
  }

  /** Cancels a request; one that a worker has is answered by the worker, which may have finished it. */
  cancel(request: PageRequest): void {
    if (request.isSettled) return;
    request.isCancelled = true;
    if (request.id === null) this.#drop(request, cancelled());
    else this.#parts.connection()?.cancel(request.id);
  }

  progress({ id, done, total }: ProgressMessage): void {
    const request = this.#book.find(id);
    if (request === undefined || request.isSettled) return;
    // On its own, so that a failing callback is not taken for a fault of the worker.
    queueMicrotask(() => request.onProgress?.(done, total));
  }

  strip({ t: _type, id, ...strip }: StripMessage): void {
    const request = this.#book.find(id);
    if (request === undefined || request.isSettled) return;
    queueMicrotask(() => request.onStrip?.(strip));
  }

  answer(message: ResultMessage | ErrorMessage): void {
    const request = this.#book.answered(message.id);
    if (request === undefined) return;
    if (message.t === "result") {
      if (request.crashes > 0) this.#quarantine.acquit(request.data);
      request.resolve(toUpscaleResult(message));
    } else if (this.#parts.isBeingReplaced() && isForNextWorker(message, request)) {
      this.#retry(request);
    } else {
      request.reject(RequestError.fromWorker(message));
    }
    this.dispatch();
    this.#parts.onChange();
  }

  /**
   * The worker is gone: what it had waits for the next one.
   *
   * @param isCrash an input that it had may be the reason
   */
  workerGone(isCrash: boolean): void {
    const lost = this.#book.takeInFlight();
    if (isCrash) {
      // Also those that nobody waits for any more: the worker may have been working on them.
      this.#quarantine.blame(lost.map(({ data }) => data));
      for (const request of lost) request.crashes++;
    }
    for (const request of lost) this.#retry(request);
  }

  /** No worker will come: everything that waits for one fails. */
  failWaiting(reason: RequestError): void {
    for (const request of this.#book.takeWaiting()) request.reject(reason);
    this.#parts.onChange();
  }

  releaseQuarantine(): void {
    this.#quarantine.reset();
  }

  #findRefusal({ data, message }: PageRequest): RequestError | null {
    const checked = checkFields(CLIENT_MESSAGES.upscale, { t: "upscale", id: 1, ...message });
    if (!checked.ok) return new RequestError("invalid_request", checked.problem);
    const quarantined = this.#quarantine.find(data);
    if (quarantined !== null) return new InputQuarantined(quarantined);
    const { maxQueued } = this.#parts;
    return this.#book.waiting >= maxQueued ? new QueueFull(maxQueued) : null;
  }

  #obey(signal: AbortSignal, request: PageRequest): void {
    const onAbort = () => this.#drop(request, signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    request.onSettled(() => signal.removeEventListener("abort", onAbort));
  }

  #onDeadline(request: PageRequest): void {
    this.#drop(request, new RequestError("deadline_exceeded", "expected the page in time, received none"));
  }

  /** Ends a request for its caller; a worker that has it is told, and keeps its room until it has answered. */
  #drop(request: PageRequest, reason: unknown): void {
    request.reject(reason);
    if (request.id !== null) this.#parts.connection()?.cancel(request.id);
    else if (this.#book.forget(request)) this.#parts.onChange();
  }

  #send(request: PageRequest, connection: WorkerConnection): void {
    try {
      const id = connection.upscale(request.message, (used) => this.#book.find(used) !== undefined);
      this.#book.sent(request, id);
    } catch (thrown) {
      // Too large for a frame: no other worker would take it either.
      request.reject(new RequestError("invalid_request", messageOf(thrown), { cause: thrown }));
    }
  }

  #retry(request: PageRequest): void {
    if (request.isSettled) return;
    const quarantined = request.crashes > 0 ? this.#quarantine.find(request.data) : null;
    if (quarantined !== null) request.reject(new InputQuarantined(quarantined));
    else if (request.crashes >= MAX_CRASHES) {
      request.reject(new RequestError("connection_lost", "the worker was lost twice", { retryable: true }));
    } else if (request.isCancelled) request.reject(cancelled());
    else this.#book.wait(request);
  }
}

/** Whether a worker that leaves has not served a request through no fault of the request's own, as far as is known. */
function isForNextWorker({ code }: ErrorMessage, request: PageRequest): boolean {
  if (code !== "gpu_lost") return code === "shutting_down";
  request.deviceLosses++;
  return request.deviceLosses < MAX_DEVICE_LOSSES;
}

function cancelled(): RequestError {
  return new RequestError("cancelled", "expected nothing more: the caller cancelled the request");
}
