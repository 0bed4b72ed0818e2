/** When a worker that ended without being asked to is replaced; times in milliseconds. */
export interface RestartOptions {
  /** Wait before the first replacement; doubles with each one that follows. */
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
  /** A worker that was ready for this long makes the next wait the first one again. */
  readonly stableMs: number;
  /** This many ends within `windowMs` open the circuit: no further worker is started. */
  readonly maxCrashes: number;
  readonly windowMs: number;
}

export const DEFAULT_RESTART_OPTIONS: RestartOptions = {
  firstDelayMs: 250,
  longestDelayMs: 8_000,
  stableMs: 30_000,
  maxCrashes: 5,
  windowMs: 180_000,
};

/** Share of a wait that chance adds or takes away, so that several clients of one lost GPU do not return together. */
const JITTER = 0.25;

/** Decides how soon a worker is replaced, and when that has been tried often enough. */
export class RestartPolicy {
  readonly #options: RestartOptions;
  readonly #random: () => number;
  #crashes: number[] = [];
  #inARow = 0;

  /** @param random gives numbers from 0 to 1; 0.5 means no jitter */
  constructor(options: RestartOptions, random: () => number) {
    this.#options = options;
    this.#random = random;
  }

  /**
   * @param now milliseconds of a clock that never goes back
   * @param readyForMs how long the worker had been ready, 0 if it never was
   * @returns milliseconds to wait before the next start, or null when the circuit opens
   */
  recordCrash(now: number, readyForMs: number): number | null {
    const { firstDelayMs, longestDelayMs, stableMs, maxCrashes, windowMs } = this.#options;
    this.#crashes = [...this.#crashes.filter((at) => now - at < windowMs), now];
    if (this.#crashes.length >= maxCrashes) return null;
    this.#inARow = readyForMs >= stableMs ? 1 : this.#inARow + 1;
    const delay = firstDelayMs * 2 ** (this.#inARow - 1);
    const jitter = 1 + JITTER * (2 * this.#random() - 1);
    return Math.min(longestDelayMs, delay * jitter);
  }

  /** Forgets every crash. */
  reset(): void {
    this.#crashes = [];
    this.#inARow = 0;
  }
}
