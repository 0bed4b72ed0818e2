/** Weight that what was measured before keeps at each page: the last ten or so decide. */
const FADING = 0.9;

/** How fast a worker gets through pages while it has any: what it does at the same time is part of the measure. */
export class Throughput {
  #pixels = 0;
  #ms = 0;
  /** Since when time counts; null while the worker has nothing to do. */
  #since: number | null = null;

  /** Input pixels a millisecond; null before anything was measured. */
  get pixelsPerMs(): number | null {
    return this.#pixels > 0 && this.#ms > 0 ? this.#pixels / this.#ms : null;
  }

  /** The worker has something to do from now on, if it had nothing. */
  busy(now: number): void {
    this.#since ??= now;
  }

  /**
   * A request has left the worker.
   *
   * @param pixels of its input; 0 when there is no result: then only the time counts
   * @param isLast whether the worker has nothing to do now
   */
  left(pixels: number, isLast: boolean, now: number): void {
    if (pixels > 0) {
      this.#pixels = this.#pixels * FADING + pixels;
      this.#ms *= FADING;
    }
    this.#ms += now - (this.#since ?? now);
    this.#since = isLast ? null : now;
  }

  /** The worker is gone: the time that it had nothing to show for is not held against the next one. */
  interrupt(): void {
    this.#since = null;
  }
}
