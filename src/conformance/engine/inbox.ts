/** The longest that a timer can wait. */
const LONGEST_MS = 0x7fff_ffff;

/** What has come from the other side, in order, and a way to wait for more of it. */
export class Inbox<Item> {
  readonly items: Item[] = [];
  #waiting: (() => void)[] = [];
  #isClosed = false;

  /** Whether nothing more can come. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  add(item: Item): void {
    this.items.push(item);
    this.#wake();
  }

  /** Says that nothing more will come. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  /** Settles when something comes or the inbox closes (true), or when the time is over (false). */
  change(timeoutMs: number): Promise<boolean> {
    if (timeoutMs <= 0) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = setTimeout(
        () => {
          this.#waiting = this.#waiting.filter((other) => other !== wake);
          resolve(false);
        },
        Math.min(timeoutMs, LONGEST_MS),
      );
      const wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
      this.#waiting.push(wake);
    });
  }

  /**
   * Looks at every item from `start` on, also at those that come, until one is accepted.
   *
   * @returns its position; null when the time was over or nothing more can come
   */
  async find(
    accepts: (item: Item, position: number) => Promise<boolean>,
    timeoutMs: number,
    start = 0,
  ): Promise<number | null> {
    const end = performance.now() + timeoutMs;
    for (let position = start; ; position++) {
      while (position >= this.items.length) {
        if (this.#isClosed || !(await this.change(end - performance.now()))) return null;
      }
      if (await accepts(this.items[position] as Item, position)) return position;
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
