import { UpscalerError } from "../errors.js";

/** Who asks for memory: read anew at every choice, since a client may change its mind. */
export interface Claimant {
  /** Higher is served first; equal ones first come, first served. */
  readonly priority: number;
  readonly signal: AbortSignal;
}

/** What a page holds of the account. */
export interface Reservation {
  /** Gives the bytes back; may be called again. */
  release(): void;
}

/** Bytes, for statistics. */
export interface MemoryCounters {
  readonly limit: number;
  readonly used: number;
  /** Largest `used` so far. */
  readonly peak: number;
  /** Pages that wait for bytes. */
  readonly waiting: number;
}

interface Waiting {
  readonly claimant: Claimant;
  readonly bytes: number;
  readonly admit: (reservation: Reservation) => void;
}

/** Pages in a row that may pass over the one that has waited longest; the session's scheduler has the same rule. */
const MAX_OVERTAKES = 8;

const MIB = 2 ** 20;

/**
 * Counts what pages may take at their largest, and lets them in while that stays within a limit. The page that is next
 * holds up all behind it, so that small pages cannot keep a large one out: next is the most urgent one, or, when that
 * which has waited longest was passed over `MAX_OVERTAKES` times in a row, this. Main thread only.
 */
export class MemoryAccount {
  readonly #limit: number;
  /** In order of arrival. */
  readonly #waiting: Waiting[] = [];
  #overtakes = 0;
  #used = 0;
  #peak = 0;

  /** @param limit bytes, at least 1 */
  constructor(limit: number) {
    if (!(limit >= 1)) throw new RangeError(`expected a limit of at least 1 byte, received ${limit}`);
    this.#limit = limit;
  }

  get counters(): MemoryCounters {
    return { limit: this.#limit, used: this.#used, peak: this.#peak, waiting: this.#waiting.length };
  }

  /**
   * Waits until the bytes are free.
   *
   * @throws {UpscalerError} out_of_memory: more than the whole limit; or the signal's reason, at once, when it is
   * aborted before the bytes are free
   */
  reserve(claimant: Claimant, bytes: number): Promise<Reservation> {
    const { signal } = claimant;
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      this.#expectPossible(bytes);
      const leave = (): void => {
        this.#remove(waiting);
        reject(signal.reason);
        this.#admitWaiting();
      };
      const admit = (reservation: Reservation): void => {
        signal.removeEventListener("abort", leave);
        resolve(reservation);
      };
      const waiting = { claimant, bytes, admit };
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.push(waiting);
      this.#admitWaiting();
    });
  }

  #expectPossible(bytes: number): void {
    if (bytes <= this.#limit) return;
    throw new UpscalerError(
      "out_of_memory",
      `expected a page that takes at most ${Math.floor(this.#limit / MIB)} MiB while it is processed, received one that takes about ${Math.ceil(bytes / MIB)} MiB: start the worker with a larger --max-memory`,
    );
  }

  #admitWaiting(): void {
    for (;;) {
      const next = this.#next();
      if (next === undefined || this.#used + next.bytes > this.#limit) return;
      const passedOver = next === this.#waiting[0] ? 0 : this.#overtakes + 1;
      this.#remove(next);
      this.#overtakes = passedOver;
      next.admit(this.#take(next.bytes));
    }
  }

  #next(): Waiting | undefined {
    const [oldest] = this.#waiting;
    if (oldest === undefined || this.#overtakes >= MAX_OVERTAKES) return oldest;
    return this.#waiting.reduce(
      (best, each) => (each.claimant.priority > best.claimant.priority ? each : best),
      oldest,
    );
  }

  #remove(waiting: Waiting): void {
    const index = this.#waiting.indexOf(waiting);
    if (index === 0) this.#overtakes = 0;
    this.#waiting.splice(index, 1);
  }

  #take(bytes: number): Reservation {
    this.#used += bytes;
    this.#peak = Math.max(this.#peak, this.#used);
    let held = bytes;
    return {
      release: () => {
        this.#used -= held;
        held = 0;
        this.#admitWaiting();
      },
    };
  }
}
