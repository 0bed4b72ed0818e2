import { join } from "node:path";
import { UpscalerError } from "../errors.js";
import { isFile } from "../files/is-file.js";
import type { OutputFormat } from "../stages/page.js";
import type { EventError } from "./batch-events.js";
import { toEventError } from "./make-item.js";
import { NameBook } from "./name-book.js";
import type { BatchPlan, BatchTask, PlannedSource } from "./plan.js";
import { outputNames } from "./run-batch.js";
import { safeEntryPath } from "./safe-names.js";
import type { SourceEntry } from "./source.js";

/** What would be done with one file or entry. */
export interface PlannedItem {
  readonly event: "plan";
  readonly source: string;
  readonly target: string | null;
  readonly action: "upscale" | "copy" | "skip" | "refuse";
  readonly error: EventError | null;
}

export interface DryRunOptions {
  readonly format: OutputFormat;
  readonly skipExisting: boolean;
}

function refused(source: string, error: UpscalerError<string>): PlannedItem {
  return { event: "plan", source, target: null, action: "refuse", error: toEventError(error) };
}

/** Lists what a run would do, with the same names; reads directories of archives, and writes nothing. */
export async function* dryRun(plan: BatchPlan, options: DryRunOptions): AsyncIterable<PlannedItem> {
  for (const { label, error } of plan.refused) yield refused(label, error);
  for (const task of plan.tasks) {
    if (task.writes === "archive" && options.skipExisting && (await isFile(task.path))) {
      for (const { source } of task.sources) {
        yield { event: "plan", source: source.label, target: task.path, action: "skip", error: null };
      }
      continue;
    }
    const names = task.writes === "files" ? task.names : new NameBook();
    for (const planned of task.sources) yield* listSource(task, names, planned, options);
  }
}

async function* listSource(
  task: BatchTask,
  names: NameBook,
  { source, prefix }: PlannedSource,
  options: DryRunOptions,
): AsyncIterable<PlannedItem> {
  try {
    const open = await source.open();
    try {
      for await (const entry of open.entries()) yield await listEntry(task, names, prefix, entry, options);
    } finally {
      await open.close();
    }
  } catch (thrown) {
    if (!(thrown instanceof UpscalerError)) throw thrown;
    yield refused(source.label, thrown);
  }
}

async function listEntry(
  task: BatchTask,
  names: NameBook,
  prefix: string,
  entry: SourceEntry,
  { format, skipExisting }: DryRunOptions,
): Promise<PlannedItem> {
  const { label: source } = entry;
  if (entry.refused !== null) return refused(source, entry.refused);
  const action = entry.kind === "page" ? "upscale" : "copy";
  const path = prefix + entry.path;
  if (task.writes === "archive") {
    const name = names.claim(outputNames(safeEntryPath(path), entry.kind, format));
    return { event: "plan", source, target: `${task.path}/${name}`, action, error: null };
  }
  const name = task.fixedName ?? names.claim(outputNames(path, entry.kind, format));
  const target = join(task.root, ...name.split("/"));
  const isSkipped = skipExisting && (await isFile(target));
  return { event: "plan", source, target, action: isSkipped ? "skip" : action, error: null };
}
