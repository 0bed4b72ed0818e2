/** What the order of starting depends on; read anew at each choice. */
export interface Prioritised {
  readonly priority: number;
}

/** Starts in a row that may pass over the request that has waited longest. */
export const MAX_OVERTAKES = 8;

/**
 * Requests waiting to start, picked by priority and first come within one. Ageing: once the one that has waited longest
 * was passed over `MAX_OVERTAKES` times in a row it is next, whatever its priority. So nothing starves, while a page in
 * view waits for at most one prefetched page however many of them have grown old.
 */
export class Scheduler<Job extends Prioritised> {
  /** In order of arrival. */
  #waiting: Job[] = [];
  #overtakes = 0;

  get size(): number {
    return this.#waiting.length;
  }

  add(job: Job): void {
    this.#waiting.push(job);
  }

  /** @returns whether the job was waiting */
  remove(job: Job): boolean {
    const index = this.#waiting.indexOf(job);
    if (index < 0) return false;
    if (index === 0) this.#overtakes = 0;
    this.#waiting.splice(index, 1);
    return true;
  }

  /** The job to start next, which stays. */
  get next(): Job | null {
    const oldest = this.#waiting[0];
    if (oldest === undefined) return null;
    return this.#overtakes < MAX_OVERTAKES ? this.#foremost(oldest) : oldest;
  }

  /** Removes and returns the job to start next. */
  take(): Job | null {
    const { next } = this;
    if (next === null) return null;
    const passedOver = next === this.#waiting[0] ? 0 : this.#overtakes + 1;
    this.remove(next);
    this.#overtakes = passedOver;
    return next;
  }

  /** A copy: the caller may remove what it walks over. */
  list(): Job[] {
    return [...this.#waiting];
  }

  #foremost(oldest: Job): Job {
    return this.#waiting.reduce((best, job) => (job.priority > best.priority ? job : best), oldest);
  }
}
