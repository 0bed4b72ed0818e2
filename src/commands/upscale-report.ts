import type { BatchEvent, BatchReport } from "../batch/batch-events.js";
import { Totals } from "../batch/batch-events.js";
import type { ProgressBar } from "../batch/progress-bar.js";
import type { Log } from "../log.js";

export interface ReportParts {
  readonly log: Log;
  /** Null where nobody looks. */
  readonly bar: ProgressBar | null;
  /** Writes one JSON line; null where none is asked for. */
  readonly json: ((value: unknown) => void) | null;
  readonly totalBytes: number;
}

/** Tells people and programs what `upscale` does. */
export class UpscaleReport implements BatchReport {
  readonly totals = new Totals();
  readonly #parts: ReportParts;
  #bytes = 0;

  constructor(parts: ReportParts) {
    this.#parts = parts;
  }

  onEvent(event: BatchEvent): void {
    this.totals.count(event);
    this.#parts.json?.(event);
    this.#log(event);
    this.draw();
  }

  onProgress(bytes: number): void {
    this.#bytes += bytes;
    this.draw();
  }

  /** Shows how far it is; also to be called now and then while nothing happens. */
  draw(): void {
    const { bar, totalBytes } = this.#parts;
    const { upscaled, kept, failed } = this.totals.items;
    bar?.show({ bytes: this.#bytes, totalBytes, pages: upscaled, failed: kept + failed });
  }

  /** @returns one sentence: what was done, and what was not */
  summary(): string {
    const { items, archives } = this.totals;
    const counts: readonly (readonly [number, string])[] = [
      [items.upscaled, "upscaled"],
      [items.copied, "copied"],
      [items.skipped, "skipped"],
      [items.kept, "kept as they were"],
      [items.failed, "failed"],
      [archives.written, "archives written"],
      [archives.skipped, "archives skipped"],
      [archives.failed, "archives failed"],
    ];
    const told = counts.filter(([count], index) => count > 0 || index === 0);
    return told.map(([count, what]) => `${count} ${what}`).join(", ");
  }

  #log(event: BatchEvent): void {
    const { log } = this.#parts;
    const { error, target } = event;
    const source = event.event === "item" ? event.source : target;
    if (error !== null) {
      const isKept = event.status === "kept";
      const message = `${error.code}: ${error.message}`;
      if (isKept) log.warn(`${message}; the page is kept as it was`, { source, target });
      else log.error(message, { source });
    }
    if (event.event === "item") {
      for (const warning of event.warnings) log.warn(warning, { source });
      const { status, bytes, size, timings } = event;
      if (error === null) log.info(status, { source, target, bytes, ...size, ...timings });
    } else if (error === null) log.info(`archive ${event.status}`, { target });
  }
}
