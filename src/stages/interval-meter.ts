/** Adds up intervals of time, those that have not ended yet included. Used from one thread only. */
export class IntervalMeter {
  readonly #now: () => number;
  /** Start times of open intervals, in milliseconds. */
  readonly #open = new Set<{ readonly at: number }>();
  #endedMs = 0;
  #longestMs = 0;

  /**
   * @param now monotonic time in milliseconds
   */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Intervals that have not ended. */
  get open(): number {
    return this.#open.size;
  }

  /** Integer microseconds of all intervals; of those at the same time, each. */
  get totalUs(): number {
    const now = this.#now();
    const openMs = [...this.#open].reduce((sum, { at }) => sum + now - at, 0);
    return Math.round((this.#endedMs + openMs) * 1000);
  }

  /** Integer microseconds of the longest interval. */
  get longestUs(): number {
    const now = this.#now();
    const longestMs = [...this.#open].reduce(
      (longest, { at }) => Math.max(longest, now - at),
      this.#longestMs,
    );
    return Math.round(longestMs * 1000);
  }

  /**
   * @returns ends the interval and tells when it began and ended, in milliseconds; to be called once
   */
  begin(): () => { readonly startedAt: number; readonly endedAt: number } {
    const start = { at: this.#now() };
    this.#open.add(start);
    return () => {
      const endedAt = this.#now();
      this.#open.delete(start);
      this.#endedMs += endedAt - start.at;
      this.#longestMs = Math.max(this.#longestMs, endedAt - start.at);
      return { startedAt: start.at, endedAt };
    };
  }
}
