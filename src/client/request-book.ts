import type { PageRequest } from "./page-request.js";

/** How much may be in flight at a worker. */
export interface FlightLimits {
  readonly requests: number;
  /** Of input images. */
  readonly bytes: number;
}

/** Starts in a row that may pass over the request that has waited longest, as in the worker's own queue. */
const MAX_OVERTAKES = 8;

/**
 * Every request without an answer: those that wait in the client, and those at the worker with what they take up there.
 * A request whose promise has settled stays in flight until the worker has answered it.
 */
export class RequestBook {
  /** In order of arrival. */
  readonly #waiting: PageRequest[] = [];
  readonly #inFlight = new Map<number, PageRequest>();
  #bytes = 0;
  #overtakes = 0;

  get waiting(): number {
    return this.#waiting.length;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** Puts a request where its arrival belongs, also one that comes back from a worker. */
  wait(request: PageRequest): void {
    const after = this.#waiting.findLastIndex(({ sequence }) => sequence < request.sequence);
    this.#waiting.splice(after + 1, 0, request);
  }

  /** @returns whether the request was waiting */
  forget(request: PageRequest): boolean {
    const index = this.#waiting.indexOf(request);
    if (index < 0) return false;
    if (index === 0) this.#overtakes = 0;
    this.#waiting.splice(index, 1);
    return true;
  }

  /**
   * Removes and returns the request to send next: by priority, first come within one, with ageing. A request that was
   * at a worker when it crashed goes alone, so that a second crash tells which of several was the cause.
   *
   * @returns null when none waits or it would not fit
   */
  take(limits: FlightLimits): PageRequest | null {
    const [oldest] = this.#waiting;
    if (oldest === undefined) return null;
    const next = this.#overtakes < MAX_OVERTAKES ? this.#foremost(oldest) : oldest;
    if (!this.#fits(next, limits)) return null;
    const overtakes = next === oldest ? 0 : this.#overtakes + 1;
    this.forget(next);
    this.#overtakes = overtakes;
    return next;
  }

  sent(request: PageRequest, id: number): void {
    request.id = id;
    this.#inFlight.set(id, request);
    this.#bytes += request.data.byteLength;
  }

  find(id: number): PageRequest | undefined {
    return this.#inFlight.get(id);
  }

  /** The worker has answered: the id and the room are free again. */
  answered(id: number): PageRequest | undefined {
    const request = this.#inFlight.get(id);
    if (request === undefined) return undefined;
    this.#inFlight.delete(id);
    this.#bytes -= request.data.byteLength;
    request.id = null;
    return request;
  }

  /** Removes and returns everything that the worker had. */
  takeInFlight(): PageRequest[] {
    return [...this.#inFlight.keys()].flatMap((id) => this.answered(id) ?? []);
  }

  /** Removes and returns everything that waits. */
  takeWaiting(): PageRequest[] {
    this.#overtakes = 0;
    return this.#waiting.splice(0);
  }

  #foremost(oldest: PageRequest): PageRequest {
    return this.#waiting.reduce((best, other) => (other.priority > best.priority ? other : best), oldest);
  }

  #fits(request: PageRequest, limits: FlightLimits): boolean {
    const [first] = this.#inFlight.values();
    // One that is too large for the worker by itself gets its answer from the worker.
    if (first === undefined) return true;
    if (request.crashes > 0 || first.crashes > 0) return false;
    return this.inFlight < limits.requests && this.#bytes + request.data.byteLength <= limits.bytes;
  }
}
