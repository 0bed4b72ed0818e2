import { IntervalMeter } from "./interval-meter.js";

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

/**
 * Admissions in a row that may pass over the job that has waited longest in a stage: urgent ones that keep coming would
 * hold it up for ever.
 */
const MAX_OVERTAKES = 4;

/** Work done and jobs present in one stage, for statistics. */
export interface StageCounters {
  /** Integer microseconds of work, side by side work added up, work in progress included. */
  readonly busyUs: number;
  readonly waiting: number;
  readonly running: number;
  /** Finished here, waiting for the next stage. */
  readonly holding: number;
  /** Work that has ended, whether it succeeded or failed. */
  readonly finished: number;
  /** Of `finished`, work that failed or was aborted. */
  readonly failed: number;
  /** Jobs that came to the door, admitted or not. */
  readonly entered: number;
  /**
   * Integer microseconds that jobs have waited at the door, added up, waits in progress included. Its growth divided by
   * the time in which it grew is the mean number of waiting jobs.
   */
  readonly waitedUs: number;
  readonly longestWaitUs: number;
  /** Most jobs that waited at once. */
  readonly mostWaiting: number;
}

/** A job's stay in a stage. Times in milliseconds of the queue's clock. */
export interface StageVisit {
  readonly entrant: Entrant;
  /** The lowest number from 0 that no other job had meanwhile. */
  readonly place: number;
  readonly startedAt: number;
  readonly endedAt: number;
  /** When the next stage took the job, or it was given up. */
  readonly leftAt: number;
}

/** What a queue tells whom. */
export interface StageEvents {
  /** A job has left or ended: there may be room for another. */
  readonly onFreed?: () => void;
  /** A job that was worked on has given its place back. */
  readonly onVisit?: ((visit: StageVisit) => void) | undefined;
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
  readonly endWait: () => void;
}

/** Numbers from 0, each given to one at a time. */
class PlaceNumbers {
  readonly #taken = new Set<number>();

  take(): number {
    let number = 0;
    while (this.#taken.has(number)) number++;
    this.#taken.add(number);
    return number;
  }

  give(number: number): void {
    this.#taken.delete(number);
  }
}

/** A stage's door: admits the most urgent job whenever there is room. Used from the main thread only. */
export class StageQueue {
  readonly #limits: StageLimits;
  readonly #now: () => number;
  readonly #events: StageEvents;
  readonly #waiting: Waiting[] = [];
  /** Admissions since the longest waiting job became that, all of others. */
  #overtakes = 0;
  readonly #work: IntervalMeter;
  readonly #waits: IntervalMeter;
  readonly #numbers = new PlaceNumbers();
  /** Admitted but not yet performing. */
  #admitted = 0;
  /** Whose places are taken. */
  readonly #occupants = new Set<Entrant>();
  #entered = 0;
  #finished = 0;
  #failed = 0;
  #mostWaiting = 0;

  /**
   * @param now monotonic time in milliseconds
   */
  constructor(limits: StageLimits, now: () => number, events: StageEvents = {}) {
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
    this.#events = events;
    this.#work = new IntervalMeter(now);
    this.#waits = new IntervalMeter(now);
  }

  /** Whether `enter` would admit a job of this priority at once. */
  hasRoomFor(priority: number): boolean {
    const isNext = this.#waiting.every(({ entrant }) => entrant.priority < priority) && !this.#isOldestDue;
    return (isNext || this.#waiting.length === 0) && this.#hasPlaceFor(priority);
  }

  get counters(): StageCounters {
    const running = this.#work.open + this.#admitted;
    return {
      busyUs: this.#work.totalUs,
      waiting: this.#waiting.length,
      running,
      holding: this.#occupants.size - running,
      finished: this.#finished,
      failed: this.#failed,
      entered: this.#entered,
      waitedUs: this.#waits.totalUs,
      longestWaitUs: this.#waits.longestUs,
      mostWaiting: this.#mostWaiting,
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
        const index = this.#waiting.indexOf(waiting);
        if (index === 0) this.#overtakes = 0;
        this.#waiting.splice(index, 1);
        waiting.endWait();
        reject(signal.reason);
        this.#events.onFreed?.();
      };
      const admit = (place: Place): void => {
        signal.removeEventListener("abort", leave);
        resolve(place);
      };
      const waiting = { entrant, admit, endWait: this.#waits.begin() };
      signal.addEventListener("abort", leave, { once: true });
      this.#entered++;
      this.#waiting.push(waiting);
      this.#admitWaiting();
      this.#mostWaiting = Math.max(this.#mostWaiting, this.#waiting.length);
    });
  }

  #hasPlaceFor(priority: number): boolean {
    const { concurrency, places } = this.#limits;
    const isExpress = [...this.#occupants].every((occupant) => occupant.priority < priority);
    const extra = isExpress ? EXPRESS_PLACES : 0;
    return this.#work.open + this.#admitted < concurrency + extra && this.#occupants.size < places + extra;
  }

  #admitWaiting(): void {
    for (;;) {
      const index = this.#nextInLine();
      const next = this.#waiting[index];
      if (next === undefined || !this.#hasPlaceFor(next.entrant.priority)) return;
      this.#waiting.splice(index, 1);
      this.#overtakes = index === 0 ? 0 : this.#overtakes + 1;
      this.#occupants.add(next.entrant);
      this.#admitted++;
      next.endWait();
      next.admit(this.#createPlace(next.entrant));
    }
  }

  get #isOldestDue(): boolean {
    return this.#overtakes >= MAX_OVERTAKES;
  }

  /** By priority, but the one that has waited longest once it was passed over often enough. */
  #nextInLine(): number {
    let best = 0;
    if (this.#isOldestDue) return best;
    for (const [index, { entrant }] of this.#waiting.entries()) {
      if (entrant.priority > (this.#waiting[best]?.entrant.priority ?? 0)) best = index;
    }
    return best;
  }

  #createPlace(entrant: Entrant): Place {
    let state: "admitted" | "performing" | "performed" | "released" = "admitted";
    let times: { readonly startedAt: number; readonly endedAt: number } | null = null;
    const number = this.#events.onVisit ? this.#numbers.take() : 0;
    const release = (): void => {
      if (state === "released") return;
      if (state === "performing") throw new Error("a place cannot be released while its work is being done");
      if (state === "admitted") this.#admitted--;
      state = "released";
      this.#occupants.delete(entrant);
      if (this.#events.onVisit) {
        this.#numbers.give(number);
        if (times) this.#events.onVisit({ entrant, place: number, ...times, leftAt: this.#now() });
      }
      this.#refill();
    };
    const perform: Place["perform"] = async (work) => {
      if (state !== "admitted")
        throw new Error(`a place is for one piece of work, received another when ${state}`);
      state = "performing";
      this.#admitted--;
      const end = this.#work.begin();
      const finish = (): { readonly startedAt: number; readonly endedAt: number } => {
        times = end();
        this.#finished++;
        state = "performed";
        this.#refill();
        return times;
      };
      let value: Awaited<ReturnType<typeof work>>;
      try {
        value = await work();
      } catch (thrown) {
        this.#failed++;
        finish();
        throw thrown;
      }
      const { startedAt, endedAt } = finish();
      return { value, microseconds: Math.round((endedAt - startedAt) * 1000) };
    };
    return { perform, release };
  }

  #refill(): void {
    this.#admitWaiting();
    this.#events.onFreed?.();
  }
}
