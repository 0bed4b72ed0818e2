import { Flight, type FlightLimits } from "./flight.js";
import type { PageRequest } from "./page-request.js";

/** Starts in a row that may pass over the request that has waited longest, as in the worker's own queue. */
const MAX_OVERTAKES = 8;

/** Every request without an answer: those that wait in the client, and those at the worker. */
export class RequestBook {
  /** In order of arrival. */
  readonly #waiting: PageRequest[] = [];
  readonly #flight = new Flight<PageRequest>();
  #overtakes = 0;

  get waiting(): number {
    return this.#waiting.length;
  }

  get inFlight(): number {
    return this.#flight.size;
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
   * Removes and returns the request to send next: by priority, first come within one, with ageing.
   *
   * @returns null when none waits or it would not fit
   */
  take(limits: FlightLimits): PageRequest | null {
    const [oldest] = this.#waiting;
    if (oldest === undefined) return null;
    const next = this.#overtakes < MAX_OVERTAKES ? this.#foremost(oldest) : oldest;
    if (!this.#flight.fits(next, limits)) return null;
    const overtakes = next === oldest ? 0 : this.#overtakes + 1;
    this.forget(next);
    this.#overtakes = overtakes;
    return next;
  }

  sent(request: PageRequest, id: number): void {
    this.#flight.begin(request, id);
  }

  find(id: number): PageRequest | undefined {
    return this.#flight.find(id);
  }

  /** The worker has answered: the id and the room are free again. */
  answered(id: number): PageRequest | undefined {
    return this.#flight.end(id);
  }

  /** Removes and returns everything that the worker had. */
  takeInFlight(): PageRequest[] {
    return this.#flight.takeAll();
  }

  /** Removes and returns everything that waits. */
  takeWaiting(): PageRequest[] {
    this.#overtakes = 0;
    return this.#waiting.splice(0);
  }

  #foremost(oldest: PageRequest): PageRequest {
    return this.#waiting.reduce((best, other) => (other.priority > best.priority ? other : best), oldest);
  }
}
