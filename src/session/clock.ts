/** Time as the session sees it; passed in, so that tests decide when it passes. */
export interface Clock {
  /** Milliseconds, with fractions, since some fixed moment; never goes back. */
  now(): number;
  /**
   * Calls `action` once after `ms` milliseconds.
   *
   * @returns takes the appointment back; harmless afterwards
   */
  after(ms: number, action: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, action) => {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  },
};
