import { FatalError } from "../errors.js";
import type { Job } from "./job.js";

/** The requests that have no answer yet. An id is live from `open` to `close`, and `close` succeeds once. */
export class RequestTracker {
  readonly #live = new Map<number, Job>();
  #bytes = 0;

  get size(): number {
    return this.#live.size;
  }

  /** Image bytes of all live requests. */
  get bytes(): number {
    return this.#bytes;
  }

  has(id: number): boolean {
    return this.#live.has(id);
  }

  /** @throws {FatalError} duplicate_id: answers to the two could not be told apart */
  requireUnused(id: number): void {
    if (!this.has(id)) return;
    throw new FatalError("duplicate_id", `expected an id that is not in use for id, received ${id}`, {
      requestId: id,
    });
  }

  /** @throws {FatalError} duplicate_id */
  open(job: Job): void {
    this.requireUnused(job.id);
    this.#live.set(job.id, job);
    this.#bytes += job.data.byteLength;
  }

  find(id: number): Job | null {
    return this.#live.get(id) ?? null;
  }

  /** @returns true for the one caller that may answer this job; the id is free from then on */
  close(job: Job): boolean {
    if (this.#live.get(job.id) !== job) return false;
    this.#live.delete(job.id);
    this.#bytes -= job.data.byteLength;
    return true;
  }

  /** A copy: the caller may close what it walks over. */
  list(): Job[] {
    return [...this.#live.values()];
  }
}
