import { setMaxListeners } from "node:events";
import { FatalError, UpscalerError } from "../errors.js";
import type { PageOptions, PageProcessor, PageResult } from "../stages/job.js";
import type { InputImage } from "./read-images.js";

const NORMAL_PRIORITY = 1;

/** What has become of one image. */
export type PageOutcome =
  | { readonly result: PageResult; readonly failure: null }
  | { readonly result: null; readonly failure: UpscalerError };

export interface OrderedRunParts {
  readonly processor: PageProcessor;
  readonly options: PageOptions;
  /** Pages that were read and not yet delivered. */
  readonly maxPages: number;
  /** No page is started while finished ones with more encoded bytes than this wait for an earlier one. */
  readonly maxWaitingBytes: number;
  /** Ends the run: nothing is read, started or delivered any more. */
  readonly signal: AbortSignal;
  /** Called when the run ends early: makes a read that waits for more input end. */
  onStop(): void;
  /** Called for one page after another in the order of the input, `number` counting from 1. */
  deliver(number: number, outcome: PageOutcome): Promise<void>;
}

/**
 * Takes images through a processor side by side and delivers them in order. Reads the next image only when the processor
 * has room for it, so that a pipe fills up instead of the memory.
 */
export class OrderedRun {
  readonly #parts: OrderedRunParts;
  readonly #abortion = new AbortController();
  #undelivered = 0;
  #waitingBytes = 0;
  #wake: () => void = () => undefined;
  #failure: unknown = null;

  constructor(parts: OrderedRunParts) {
    this.#parts = parts;
    parts.processor.onRoom = () => this.#wake();
    // Of every page in progress.
    setMaxListeners(0, this.#abortion.signal);
  }

  /**
   * To be called once; settles when the last page is delivered, or when no delivery is in progress any more.
   *
   * @returns how many images there were
   * @throws what reading, delivering or the processor failed with; the signal's reason
   */
  async run(images: AsyncIterable<InputImage>): Promise<number> {
    const { signal } = this.#parts;
    const onAbort = () => this.#stop(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    let [number, last] = [0, Promise.resolve()];
    try {
      for await (const image of images) {
        number++;
        this.#undelivered++;
        last = this.#deliverAfter(last, number, this.#process(image));
        await this.#room();
        if (this.#isStopped) break;
      }
    } catch (thrown) {
      this.#stop(thrown);
    } finally {
      await last;
      signal.removeEventListener("abort", onAbort);
    }
    if (this.#isStopped) throw this.#failure;
    return number;
  }

  get #isStopped(): boolean {
    return this.#abortion.signal.aborted;
  }

  /** The first cause counts; what is in progress ends at its next step. */
  #stop(cause: unknown): void {
    if (this.#isStopped) return;
    this.#failure = cause;
    this.#abortion.abort(new UpscalerError("cancelled", "expected nothing more: the run has ended"));
    this.#parts.onStop();
    this.#wake();
  }

  async #room(): Promise<void> {
    const { processor, maxPages, maxWaitingBytes } = this.#parts;
    while (
      !this.#isStopped &&
      (this.#undelivered >= maxPages ||
        this.#waitingBytes > maxWaitingBytes ||
        !processor.hasRoomFor(NORMAL_PRIORITY))
    ) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async #process(image: InputImage): Promise<PageOutcome> {
    if (image.failure !== null) return { result: null, failure: image.failure };
    const { processor, options } = this.#parts;
    const { signal } = this.#abortion;
    try {
      const result = await processor.process({
        data: image.data,
        options,
        priority: NORMAL_PRIORITY,
        signal,
      });
      this.#waitingBytes += result.page.data.length;
      return { result, failure: null };
    } catch (thrown) {
      if (!(thrown instanceof UpscalerError) || thrown instanceof FatalError) throw thrown;
      return { result: null, failure: thrown };
    }
  }

  async #deliverAfter(earlier: Promise<void>, number: number, outcome: Promise<PageOutcome>): Promise<void> {
    let bytes = 0;
    try {
      const settled = await this.#unlessStopped(outcome).finally(() => earlier);
      if (settled === null || this.#isStopped) return;
      bytes = settled.result?.page.data.length ?? 0;
      await this.#parts.deliver(number, settled);
    } catch (thrown) {
      this.#stop(thrown);
    } finally {
      this.#undelivered--;
      this.#waitingBytes -= bytes;
      this.#wake();
    }
  }

  /** @returns null as soon as the run is stopped: a tile in progress is not waited for */
  #unlessStopped(outcome: Promise<PageOutcome>): Promise<PageOutcome | null> {
    const { signal } = this.#abortion;
    return new Promise((resolve, reject) => {
      const onAbort = () => resolve(null);
      if (signal.aborted) onAbort();
      signal.addEventListener("abort", onAbort, { once: true });
      outcome.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
    });
  }
}
