import { setMaxListeners } from "node:events";
import { dirname, join } from "node:path";
import { UpscalerError } from "../errors.js";
import { isFile } from "../files/is-file.js";
import { untilAborted } from "../or-aborted.js";
import type { OutputFormat } from "../stages/page.js";
import { BatchError } from "./batch-error.js";
import type { ItemEvent } from "./batch-events.js";
import { Book, type BookParts } from "./book.js";
import { pageOutputNames } from "./file-kinds.js";
import { endsBatch, type MadeItem, makeItem, type PageMaking, toEventError } from "./make-item.js";
import { NameBook } from "./name-book.js";
import type { ArchiveTask, BatchPlan, FilesTask, PlannedSource } from "./plan.js";
import { safeEntryPath } from "./safe-names.js";
import type { OpenSource, ReadableEntry, SourceEntry } from "./source.js";
import { type Slot, Window, type WindowLimits } from "./window.js";

export interface BatchParts extends BookParts, Omit<PageMaking, "signal"> {
  readonly limits: WindowLimits;
  /** Outputs that are there already are left as they are. */
  readonly skipExisting: boolean;
}

/** Goes on with an entry; called at once, so that an archive that is read in order is not ahead of it. */
type Work = (slot: Slot) => Promise<void>;

/** @returns the names that an entry's output may have, the best one first */
export function outputNames(
  path: string,
  kind: SourceEntry["kind"],
  format: OutputFormat,
): readonly string[] {
  return kind === "page" ? pageOutputNames(path, format) : [path];
}

/** One run over everything that was planned: reads ahead, upscales side by side, writes behind. Main thread only. */
export class BatchRun {
  readonly #plan: BatchPlan;
  readonly #parts: BatchParts;
  readonly #window: Window;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #running = new Set<Promise<void>>();

  /** @param signal aborted with an UpscalerError to end early */
  constructor(plan: BatchPlan, parts: BatchParts, signal: AbortSignal) {
    this.#plan = plan;
    this.#parts = parts;
    this.#window = new Window(parts.limits);
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
    // Every page on its way listens.
    setMaxListeners(0, this.#signal);
  }

  /**
   * Does everything, and tells the report of it. What fails by itself is told only.
   *
   * @throws what ended the batch, when nothing is being written any more
   */
  async run(): Promise<void> {
    for (const { label, error } of this.#plan.refused) this.#tellFailed(label, error);
    try {
      for (const task of this.#plan.tasks) {
        await (task.writes === "files" ? this.#runFiles(task) : this.#runArchive(task));
      }
    } catch (thrown) {
      this.#stop.abort(thrown);
    }
    while (this.#running.size > 0) await Promise.all(this.#running);
    this.#signal.throwIfAborted();
  }

  /** Lets work go on by itself; when it throws, everything ends. */
  #track(work: Promise<void>): void {
    const tracked = work
      .catch((thrown: unknown) => this.#stop.abort(thrown))
      .finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  async #runFiles(task: FilesTask): Promise<void> {
    for (const planned of task.sources) {
      try {
        await this.#readSource(planned, (entry, path) => this.#toFile(task, entry, path));
      } catch (thrown) {
        if (endsBatch(thrown) || !(thrown instanceof UpscalerError)) throw thrown;
        this.#tellFailed(planned.source.label, thrown);
      }
    }
  }

  async #toFile(task: FilesTask, entry: ReadableEntry, path: string): Promise<Work | null> {
    const { format } = this.#parts.options;
    const name = task.fixedName ?? task.names.claim(outputNames(path, entry.kind, format));
    const target = join(task.root, ...name.split("/"));
    if (this.#plan.inputs.has(target)) {
      this.#tellFailed(entry.label, new BatchError("output_conflict", `expected ${target} to be no input`));
      return null;
    }
    if (this.#parts.skipExisting && (await isFile(target))) {
      this.#tellItem(entry.label, target, "skipped");
      return null;
    }
    return async (slot) => {
      try {
        if (entry.kind === "other" && entry.file !== null)
          await this.#copyFile(task, entry, entry.file, target);
        else await this.#writeFile(task, entry, target, await makeItem(entry, slot, this.#making));
      } catch (thrown) {
        if (endsBatch(thrown) || !(thrown instanceof UpscalerError)) throw thrown;
        this.#tellFailed(entry.label, thrown);
      }
    };
  }

  async #copyFile(task: FilesTask, entry: ReadableEntry, file: string, target: string): Promise<void> {
    await this.#parts.folders.ready(dirname(target), task.makesFolders);
    const bytes = await this.#parts.io.copy(file, target, entry.modified);
    this.#tellItem(entry.label, target, "copied", { bytes });
  }

  async #writeFile(task: FilesTask, entry: ReadableEntry, target: string, made: MadeItem): Promise<void> {
    if (made.status === "failed") return this.#tellFailed(entry.label, made.error);
    await this.#parts.folders.ready(dirname(target), task.makesFolders);
    await this.#parts.io.write(target, made.data, entry.modified);
    const result = made.status === "upscaled" ? made.result : null;
    this.#tellItem(entry.label, target, made.status, {
      bytes: made.data.length,
      size: result && { width: result.page.width, height: result.page.height },
      timings: result?.timings ?? null,
      warnings: result?.warnings ?? [],
    });
  }

  async #runArchive(task: ArchiveTask): Promise<void> {
    const { report } = this.#parts;
    const { path: target } = task;
    if (this.#parts.skipExisting && (await isFile(target))) {
      report.onEvent({ event: "archive", target, status: "skipped", error: null });
      report.onProgress(task.sources.reduce((sum, { source }) => sum + source.bytes, 0));
      return;
    }
    const book = new Book(task, this.#parts);
    if (this.#plan.inputs.has(target)) {
      book.fail(new BatchError("output_conflict", `expected ${target} to be no input`));
    }
    const names = new NameBook();
    const [only, ...others] = task.sources;
    let comment: Uint8Array | null = null;
    try {
      for (const planned of task.sources) {
        if (book.hasFailed) break;
        comment = await this.#readSource(
          planned,
          async (entry, path) => this.#toBook(book, names, entry, path),
          book,
        );
      }
    } catch (thrown) {
      if (endsBatch(thrown) || !(thrown instanceof UpscalerError)) {
        this.#track(book.discard());
        throw thrown;
      }
      book.fail(thrown);
    }
    const isCopy = only !== undefined && others.length === 0;
    this.#track(book.close(isCopy ? only.source.modified : null, isCopy ? comment : null));
  }

  #toBook(book: Book, names: NameBook, entry: ReadableEntry, path: string): Work | null {
    if (book.hasFailed) return null;
    const safe = safePathOrNull(book, entry, path);
    if (safe === null) return null;
    const made = names.claim(outputNames(safe, entry.kind, this.#parts.options.format));
    const entryNames = { made, original: () => names.claim([safe]) };
    return (slot) => book.append(entry, entryNames, makeItem(entry, slot, this.#making));
  }

  /**
   * Begins the work on every entry of a source, as far as the window lets it.
   *
   * @param book what entries that are left alone are told to; null: they are reported
   * @returns the archive's own note
   * @throws {BatchError} the source cannot be read to its end
   */
  async #readSource(
    { source, prefix }: PlannedSource,
    begin: (entry: ReadableEntry, path: string) => Promise<Work | null>,
    book: Book | null = null,
  ): Promise<Uint8Array | null> {
    let weight = 0;
    const begun = new Set<Promise<void>>();
    let open: OpenSource | null = null;
    try {
      open = await source.open();
      for await (const entry of untilAborted(open.entries(), this.#signal)) {
        if (book?.hasFailed) break;
        weight += entry.weight;
        const work = entry.refused === null ? await begin(entry, prefix + entry.path) : null;
        if (work === null || entry.refused !== null) {
          if (entry.refused !== null) this.#leaveOut(entry, book);
          this.#parts.report.onProgress(entry.weight);
          continue;
        }
        const slot = await this.#window.enter(entry.bytes, this.#signal);
        const done = work(slot).finally(() => {
          slot.leave();
          begun.delete(done);
          this.#parts.report.onProgress(entry.weight);
        });
        begun.add(done);
        this.#track(done);
      }
      return open.comment;
    } finally {
      this.#parts.report.onProgress(Math.max(0, source.bytes - weight));
      if (open !== null) this.#track(closeAfter(open, begun));
    }
  }

  #leaveOut(entry: Extract<SourceEntry, { refused: BatchError }>, book: Book | null): void {
    if (book === null) this.#tellFailed(entry.label, entry.refused);
    else book.leaveOut(entry);
  }

  get #making(): PageMaking {
    const { processor, options } = this.#parts;
    return { processor, options, signal: this.#signal };
  }

  #tellFailed(label: string, error: UpscalerError<string>): void {
    this.#tellItem(label, null, "failed", { error: toEventError(error) });
  }

  #tellItem(
    source: string,
    target: string | null,
    status: ItemEvent["status"],
    more: Partial<ItemEvent> = {},
  ): void {
    const nothing = { error: null, size: null, bytes: 0, timings: null, warnings: [] };
    this.#parts.report.onEvent({ event: "item", source, target, status, ...nothing, ...more });
  }
}

/** A folder may hold names that an archive may not. */
function safePathOrNull(book: Book, { label, weight, kind }: ReadableEntry, path: string): string | null {
  try {
    return safeEntryPath(path);
  } catch (refused) {
    if (!(refused instanceof BatchError)) throw refused;
    book.leaveOut({ label, weight, kind, refused });
    return null;
  }
}

async function closeAfter(source: OpenSource, begun: ReadonlySet<Promise<void>>): Promise<void> {
  await Promise.allSettled(begun);
  await source.close();
}
