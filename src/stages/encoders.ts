import { setMaxListeners } from "node:events";
import { type Entrant, StageQueue } from "./stage-queue.js";

/** How busy the encoders are. */
export interface EncoderLoad {
  /** Images that may be encoded side by side. */
  readonly encoders: number;
  readonly busy: number;
  /** Images waiting for an encoder. */
  readonly waiting: number;
}

/**
 * The threads that write images. Pages and strips of pages wait here, most urgent first and equal ones in the order of
 * their asking, so that a page in many strips does not take all threads from a page that somebody looks at. Main
 * thread only.
 */
export class Encoders {
  readonly #count: number;
  readonly #queue: StageQueue;

  /**
   * @param count images encoded side by side, at least 1
   */
  constructor(count: number) {
    this.#count = count;
    // Durations are measured around the whole stage, not here.
    this.#queue = new StageQueue({ concurrency: count, places: count }, () => 0);
  }

  get load(): EncoderLoad {
    const { running, waiting } = this.#queue.counters;
    return { encoders: this.#count, busy: running, waiting };
  }

  /**
   * Does the work as soon as an encoder is free.
   *
   * @throws what the work throws, or the signal's reason when it is aborted before the work has begun
   */
  async run<Value>(entrant: Entrant, work: () => Promise<Value>): Promise<Value> {
    const { signal } = entrant;
    // A page waits with each of its strips: many listeners for one signal are no leak here.
    setMaxListeners(0, signal);
    // One in line for each piece of work, since the line tells them apart; the priority may change meanwhile.
    const inLine: Entrant = {
      signal,
      get priority() {
        return entrant.priority;
      },
    };
    const place = await this.#queue.enter(inLine);
    try {
      signal.throwIfAborted();
      return (await place.perform(work)).value;
    } finally {
      place.release();
    }
  }
}
