import { setImmediate } from "node:timers/promises";
import type { BatchEvent, BatchReport } from "../../src/batch/batch-events.js";
import { PLAIN_FILES } from "../../src/batch/batch-files.js";
import { OutputFolders } from "../../src/batch/output-folders.js";
import type { BatchParts } from "../../src/batch/run-batch.js";
import { UpscalerError } from "../../src/errors.js";
import { SILENT_LOG } from "../../src/log.js";
import type { PageJob, PageResult } from "../../src/stages/job.js";
import { pageResult } from "../session/fake-processor.js";
import { OPTIONS } from "../stages/controlled-stages.js";

/** What a page of these bytes is "upscaled" to. */
export function upscaled(content: string): string {
  return `2x ${content}`;
}

/**
 * Upscales text: later pages are done before earlier ones, "bad" pages fail, and "lost" ones lose the GPU. For tests of
 * what is around the pages.
 */
export class FakePages {
  active = 0;
  most = 0;
  processed = 0;
  /** No page is done before so many were at work side by side. */
  gather = 0;

  async process({ data, signal }: Pick<PageJob, "data" | "signal">): Promise<PageResult> {
    const content = Buffer.from(data).toString();
    this.active++;
    this.processed++;
    this.most = Math.max(this.most, this.active);
    try {
      while (this.most < this.gather) await setImmediate();
      for (let turn = 0; turn < 20 - (this.processed % 20); turn++) await setImmediate();
      signal.throwIfAborted();
      if (content.startsWith("bad"))
        throw new UpscalerError("decode_failed", "expected a page, received a bad one");
      if (content.startsWith("lost")) throw new UpscalerError("gpu_lost", "the GPU was lost");
      return pageResult(Buffer.from(upscaled(content)));
    } finally {
      this.active--;
    }
  }
}

/** Keeps what it is told. */
export class KeptReport implements BatchReport {
  readonly events: BatchEvent[] = [];
  bytes = 0;

  onEvent(event: BatchEvent): void {
    this.events.push(event);
  }

  onProgress(bytes: number): void {
    this.bytes += bytes;
  }

  /** How often each status was told. */
  get statuses(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { event, status } of this.events) {
      const key = event === "item" ? status : `archive ${status}`;
      counts[key] = (counts[key] ?? 0) + 1;
    }
    return counts;
  }
}

/** Parts of a run with fake pages and real files. */
export function batchParts(changes: Partial<BatchParts> = {}) {
  const report = new KeptReport();
  const processor = new FakePages();
  const parts = {
    io: PLAIN_FILES,
    folders: new OutputFolders(() => false, SILENT_LOG),
    options: { ...OPTIONS, format: "webp" as const },
    limits: { items: 8, inputBytes: 1000, unwrittenBytes: 1000 },
    skipExisting: false,
    ...changes,
    report,
    processor,
  };
  return parts;
}
