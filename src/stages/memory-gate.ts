import type { Log } from "../log.js";
import type { PageJob, PageProcessor, PageResult } from "./job.js";
import type { MemoryAccount, Reservation } from "./memory-account.js";

/** Pages that may be between the gate and the pipeline: one of each priority. */
const MOST_ARRIVING = 3;

/**
 * @returns bytes that the page takes at most while it is processed, from its header
 * @throws {UpscalerError} what is known to fail before a pixel is decoded
 */
export type PageMeter = (job: PageJob) => Promise<number>;

/**
 * In front of the pipeline: a page is let in once the memory for all of its way is free, and gives it back when it is
 * through, however that ends. Main thread only.
 */
export class MemoryGate implements PageProcessor {
  onRoom: (() => void) | null = null;
  readonly #pipeline: PageProcessor;
  readonly #account: MemoryAccount;
  readonly #measure: PageMeter;
  readonly #log: Log;
  /** Being measured, or waiting for memory. */
  readonly #arriving = new Set<PageJob>();

  constructor(pipeline: PageProcessor, account: MemoryAccount, measure: PageMeter, log: Log) {
    this.#pipeline = pipeline;
    this.#account = account;
    this.#measure = measure;
    this.#log = log;
    pipeline.onRoom = () => this.onRoom?.();
  }

  /** A page that waits here must not hold up a more urgent one. */
  hasRoomFor(priority: number): boolean {
    return (
      this.#arriving.size < MOST_ARRIVING &&
      [...this.#arriving].every((job) => job.priority < priority) &&
      this.#pipeline.hasRoomFor(priority)
    );
  }

  async process(job: PageJob): Promise<PageResult> {
    let reservation: Reservation | null = null;
    this.#arriving.add(job);
    try {
      reservation = await this.#reserve(job);
      const processing = this.#pipeline.process(job);
      this.#arriving.delete(job);
      this.onRoom?.();
      return await processing;
    } finally {
      this.#arriving.delete(job);
      reservation?.release();
      this.onRoom?.();
    }
  }

  async #reserve(job: PageJob): Promise<Reservation> {
    const bytes = await this.#measure(job);
    const reservation = await this.#account.reserve(job, bytes);
    this.#log.debug("a page has its memory", { bytes, ...this.#account.counters });
    return reservation;
  }
}
