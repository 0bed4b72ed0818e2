/** Where a job stands in line: read anew at every choice, since a client may change its mind. */
export interface Entrant {
  /** Higher is served first; equal ones first come, first served. */
  readonly priority: number;
  readonly signal: AbortSignal;
}

export interface StageLimits {
  /** How many jobs are worked on side by side. */
  readonly concurrency: number;
  /**
   * How many jobs may be in the stage's places: worked on, or finished and not yet taken by the next stage. At least
   * `concurrency`; this bounds what is in memory between two stages.
   */
  readonly places: number;
}

/**
 * Places beyond the limits for a job that is more urgent than every other in the stage: a page in view then starts at
 * once, however many prefetched ones are at work or held up by the next stage.
 */
const EXPRESS_PLACES = 1;

/** Work done and jobs present in one stage, for statistics. */
export interface StageCounters {
  /** Integer microseconds of work, side by side work added up, work in progress included. */
  readonly busyUs: number;
  readonly waiting: number;
  readonly running: number;
  /** Finished here, waiting for the next stage. */
  readonly holding: number;
  readonly finished: number;
}

/** A job's hold on one of a stage's places. */
export interface Place {
  /**
   * Does the stage's work; to be called once.
   *
   * @returns the work's value and its duration in integer microseconds
   */
  perform<Value>(work: () => Promise<Value>): Promise<{ value: Value; microseconds: number }>;
  /** Gives the place to the next in line; may be called again. */
  release(): void;
}

interface Waiting {
  readonly entrant: Entrant;
  readonly admit: (place: Place) => void;
}

/** A stage's door: admits the most urgent job whenever there is room. Used from the main thread only. */
export class StageQueue {
  readonly #limits: StageLimits;
  readonly #now: () => number;
  readonly #onFreed: () => void;
  readonly #waiting: Waiting[] = [];
  /** Start times of what is running, in milliseconds. */
  readonly #started = new Set<{ readonly at: number }>();
  /** Admitted but not yet performing. */
  #admitted = 0;
  /** Whose places are taken. */
  readonly #occupants = new Set<Entrant>();
  #busyMs = 0;
  #finished = 0;

  /**
   * @param now monotonic time in milliseconds
   * @param onFreed called after a job has left or ended, when there may be room for another
   */
  constructor(limits: StageLimits, now: () => number, onFreed: () => void = () => undefined) {
    const { concurrency, places } = limits;
    if (
      !Number.isInteger(concurrency) ||
      concurrency < 1 ||
      !Number.isInteger(places) ||
      places < concurrency
    ) {
      throw new RangeError(
        `expected a concurrency of at least 1 and as many places, received ${concurrency} and ${places}`,
      );
    }
    this.#limits = limits;
    this.#now = now;
    this.#onFreed = onFreed;
  }

  /** Whether `enter` would admit a job of this priority at once. */
  hasRoomFor(priority: number): boolean {
    return this.#waiting.every(({ entrant }) => entrant.priority < priority) && this.#hasPlaceFor(priority);
  }

  get counters(): StageCounters {
    const now = this.#now();
    const inProgress = [...this.#started].reduce((sum, { at }) => sum + now - at, 0);
    const running = this.#started.size + this.#admitted;
    return {
      busyUs: Math.round((this.#busyMs + inProgress) * 1000),
      waiting: this.#waiting.length,
      running,
      holding: this.#occupants.size - running,
      finished: this.#finished,
    };
  }

  /**
   * Waits for a place.
   *
   * @throws the signal's reason, at once, when it is aborted before a place is free
   */
  enter(entrant: Entrant): Promise<Place> {
    const { signal } = entrant;
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(signal.reason);
        this.#onFreed();
      };
      const admit = (place: Place): void => {
        signal.removeEventListener("abort", leave);
        resolve(place);
      };
      const waiting = { entrant, admit };
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.push(waiting);
      this.#admitWaiting();
    });
  }

  #hasPlaceFor(priority: number): boolean {
    const { concurrency, places } = this.#limits;
    const isExpress = [...this.#occupants].every((occupant) => occupant.priority < priority);
    const extra = isExpress ? EXPRESS_PLACES : 0;
    return this.#started.size + this.#admitted < concurrency + extra && this.#occupants.size < places + extra;
  }

  #admitWaiting(): void {
    for (;;) {
      const index = this.#mostUrgent();
      const next = this.#waiting[index];
      if (next === undefined || !this.#hasPlaceFor(next.entrant.priority)) return;
      this.#waiting.splice(index, 1);
      this.#occupants.add(next.entrant);
      this.#admitted++;
      next.admit(this.#createPlace(next.entrant));
    }
  }

  #mostUrgent(): number {
    let best = 0;
    for (const [index, { entrant }] of this.#waiting.entries()) {
      if (entrant.priority > (this.#waiting[best]?.entrant.priority ?? 0)) best = index;
    }
    return best;
  }

  #createPlace(entrant: Entrant): Place {
    let state: "admitted" | "performing" | "performed" | "released" = "admitted";
    const release = (): void => {
      if (state === "released") return;
      if (state === "performing") throw new Error("a place cannot be released while its work is being done");
      if (state === "admitted") this.#admitted--;
      state = "released";
      this.#occupants.delete(entrant);
      this.#refill();
    };
    const perform: Place["perform"] = async (work) => {
      if (state !== "admitted")
        throw new Error(`a place is for one piece of work, received another when ${state}`);
      state = "performing";
      this.#admitted--;
      const start = { at: this.#now() };
      this.#started.add(start);
      try {
        const value = await work();
        return { value, microseconds: Math.round((this.#now() - start.at) * 1000) };
      } finally {
        this.#started.delete(start);
        this.#busyMs += this.#now() - start.at;
        this.#finished++;
        state = "performed";
        this.#refill();
      }
    };
    return { perform, release };
  }

  #refill(): void {
    this.#admitWaiting();
    this.#onFreed();
  }
}
