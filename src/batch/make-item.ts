import { FatalError, UpscalerError } from "../errors.js";
import { orAborted } from "../or-aborted.js";
import type { PageOptions, PageProcessor, PageResult } from "../stages/job.js";
import type { EventError } from "./batch-events.js";
import type { ReadableEntry } from "./source.js";
import type { Slot } from "./window.js";

const NORMAL_PRIORITY = 1;

/** What became of an entry that could be read. */
export type MadeItem =
  | { readonly status: "upscaled"; readonly data: Uint8Array; readonly result: PageResult }
  | { readonly status: "copied"; readonly data: Uint8Array }
  /** A page that cannot be upscaled; its own bytes. */
  | { readonly status: "failed"; readonly data: Uint8Array; readonly error: UpscalerError<string> };

/** After these nothing else can succeed either. */
const ENDING_CODES: ReadonlySet<string> = new Set(["gpu_lost", "shutting_down", "cancelled", "output_full"]);

/** @returns whether a failure is the whole batch's, not one page's */
export function endsBatch(thrown: unknown): boolean {
  return !(thrown instanceof UpscalerError) || thrown instanceof FatalError || ENDING_CODES.has(thrown.code);
}

export function toEventError(error: UpscalerError<string>): EventError {
  return { code: error.code, message: error.message };
}

/** How pages are made. */
export interface PageMaking {
  readonly processor: Pick<PageProcessor, "process">;
  readonly options: PageOptions;
  readonly signal: AbortSignal;
}

/**
 * Reads an entry, and upscales it when it is a page.
 *
 * @throws {BatchError} it cannot be read
 * @throws what ends the batch
 */
export async function makeItem(entry: ReadableEntry, slot: Slot, making: PageMaking): Promise<MadeItem> {
  const data = await orAborted(entry.read(), making.signal);
  const made = entry.kind === "other" ? { status: "copied" as const, data } : await upscale(data, making);
  slot.produced(made.data.length);
  slot.inputDone();
  return made;
}

async function upscale(data: Uint8Array, { processor, options, signal }: PageMaking): Promise<MadeItem> {
  try {
    const result = await processor.process({ data, options, priority: NORMAL_PRIORITY, signal });
    return { status: "upscaled", data: result.page.data, result };
  } catch (thrown) {
    if (endsBatch(thrown) || !(thrown instanceof UpscalerError)) throw thrown;
    return { status: "failed", data, error: thrown };
  }
}
