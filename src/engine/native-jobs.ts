import { UpscalerError } from "../errors.js";
import type { PixelBuffer } from "../stages/page.js";
import type { UpscaleOptions } from "./engine.js";
import type { NativeEvent, NativeUpscaler } from "./native.js";
import { requestFailure } from "./native-failure.js";

interface RunningJob {
  readonly options: UpscaleOptions;
  readonly output: PixelBuffer;
  readonly resolve: (tile: number) => void;
  readonly reject: (reason: unknown) => void;
  readonly stopListening: () => void;
  /** What the addon was told last. */
  priority: number;
  /** Of the newest of its tiles' events. */
  done: number;
  total: number;
}

export interface JobInput {
  readonly image: PixelBuffer;
  readonly output: PixelBuffer;
  readonly tile: number;
  readonly options: UpscaleOptions;
}

const NORMAL_PRIORITY = 0;

const LARGEST_ID = 2 ** 31 - 1;

/** Turns the addon's events back into promises: every job is settled by its last event, never before. */
export class NativeJobs {
  readonly #running = new Map<number, RunningJob>();
  #native: NativeUpscaler | null = null;
  #lastId = 0;
  #closed: Promise<void> | null = null;
  #onClosed: () => void = () => undefined;

  /**
   * @returns the tile side that was used
   * @throws the signal's reason, or {UpscalerError} out_of_memory, gpu_lost, internal
   */
  run(native: NativeUpscaler, { image, output, tile, options }: JobInput): Promise<number> {
    if (this.#closed) throw new UpscalerError("shutting_down", "the engine was closed");
    const id = this.#nextId();
    this.#native = native;
    return new Promise((resolve, reject) => {
      const { signal } = options;
      const cancel = () => native.cancel(id);
      const stopListening = () => signal.removeEventListener("abort", cancel);
      const priority = options.urgency?.priority ?? NORMAL_PRIORITY;
      native.submit({
        id,
        tile,
        priority,
        input: image.data,
        width: image.width,
        height: image.height,
        output: output.data,
      });
      signal.addEventListener("abort", cancel, { once: true });
      const job = { options, output, resolve, reject, stopListening, priority, done: 0, total: 0 };
      this.#running.set(id, job);
      this.#tellPriorities();
    });
  }

  handle(event: NativeEvent): void {
    if (event.type === "closed") {
      this.#onClosed();
      return;
    }
    const job = this.#running.get(event.id);
    if (!job) return;
    this.#tellPriorities();
    if (event.type === "tile") {
      // Lanes tell their tiles side by side, so one may overtake another; smaller tiles begin anew.
      if (event.total === job.total && event.done < job.done) return;
      job.done = event.done;
      job.total = event.total;
      job.options.onTile?.(event.done, event.total);
      if (event.finalRows > 0) job.options.rowReader?.onRows(job.output, event.finalRows);
      return;
    }
    this.#running.delete(event.id);
    job.stopListening();
    if (event.type === "finished") job.resolve(event.tile);
    else job.reject(job.options.signal.aborted ? job.options.signal.reason : requestFailure(event.error));
  }

  /** Running jobs end at their next tile. May be called again: it is the same closing. */
  close(native: NativeUpscaler): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#onClosed = resolve;
      native.close();
    });
    return this.#closed;
  }

  /** Looked at whenever anything happens: jobs compete for tiles, and the end of every tile is an event. */
  #tellPriorities(): void {
    for (const [id, job] of this.#running) {
      const priority = job.options.urgency?.priority ?? NORMAL_PRIORITY;
      if (priority === job.priority) continue;
      job.priority = priority;
      this.#native?.prioritize(id, priority);
    }
  }

  #nextId(): number {
    do {
      this.#lastId = this.#lastId === LARGEST_ID ? 1 : this.#lastId + 1;
    } while (this.#running.has(this.#lastId));
    return this.#lastId;
  }
}
