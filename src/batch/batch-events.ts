import type { StageTimings } from "../stages/job.js";

/**
 * - `upscaled`: written
 * - `copied`: no page; written as it is
 * - `kept`: a page that could not be upscaled, in its original form in an archive
 * - `skipped`: the output was there already
 * - `failed`: nothing was written
 */
export type ItemStatus = "upscaled" | "copied" | "kept" | "skipped" | "failed";

export interface EventError {
  readonly code: string;
  readonly message: string;
}

/** A page or another file is done. */
export interface ItemEvent {
  readonly event: "item";
  readonly source: string;
  /** The file, or the archive's and the entry's path in it; null where there is none. */
  readonly target: string | null;
  readonly status: ItemStatus;
  readonly error: EventError | null;
  /** Of the upscaled page, in pixels; null for what is no page. */
  readonly size: { readonly width: number; readonly height: number } | null;
  /** Bytes written, or to be written with the archive. */
  readonly bytes: number;
  /** Microseconds in each stage. */
  readonly timings: StageTimings | null;
  readonly warnings: readonly string[];
}

/** An archive is done. */
export interface ArchiveEvent {
  readonly event: "archive";
  readonly target: string;
  readonly status: "written" | "skipped" | "failed";
  readonly error: EventError | null;
}

export type BatchEvent = ItemEvent | ArchiveEvent;

/** Is told what happens, in the order in which it happens. */
export interface BatchReport {
  onEvent(event: BatchEvent): void;
  /** So many bytes of the inputs are done with. */
  onProgress(bytes: number): void;
}

/** How many of each; what the exit code and the summary are made from. */
export class Totals {
  readonly items: Record<ItemStatus, number> = { upscaled: 0, copied: 0, kept: 0, skipped: 0, failed: 0 };
  readonly archives = { written: 0, skipped: 0, failed: 0 };

  count(event: BatchEvent): void {
    if (event.event === "item") this.items[event.status]++;
    else this.archives[event.status]++;
  }

  get hasFailures(): boolean {
    return this.items.kept + this.items.failed + this.archives.failed > 0;
  }
}
