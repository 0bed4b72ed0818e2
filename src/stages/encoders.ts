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

/** Threads that one image is shared among at most: beyond these, what one thread has to do is all that is left. */
const MOST_THREADS = 4;

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

  /** Of the encoders' threads, as many as each image can have that is at work or waiting. */
  get #threadsForOne(): number {
    const { encoders, busy, waiting } = this.load;
    return Math.min(MOST_THREADS, Math.max(1, Math.floor(encoders / (busy + waiting))));
  }

  /**
   * Does the work as soon as an encoder is free.
   *
   * @param work receives how many threads the image may have, so that encoders without an image do not idle
   * @throws what the work throws, or the signal's reason when it is aborted before the work has begun
   */
  async run<Value>(entrant: Entrant, work: (threads: number) => Promise<Value>): Promise<Value> {
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
      return (await place.perform(() => work(this.#threadsForOne))).value;
    } finally {
      place.release();
    }
  }
}
