import { dirname } from "node:path";
import { UpscalerError } from "../errors.js";
import { ArchiveWriter } from "./archive-writer.js";
import { BatchError } from "./batch-error.js";
import type { BatchReport } from "./batch-events.js";
import type { BatchFiles } from "./batch-files.js";
import { endsBatch, type MadeItem, toEventError } from "./make-item.js";
import type { OutputFolders } from "./output-folders.js";
import type { ArchiveTask } from "./plan.js";
import type { ReadableEntry, RefusedEntry } from "./source.js";

export interface BookParts {
  readonly io: BatchFiles;
  readonly folders: OutputFolders;
  readonly report: BatchReport;
}

/** What an entry is called in the archive. */
export interface EntryNames {
  readonly made: string;
  /** Takes the name of a page that stays as it is. */
  original(): string;
}

/**
 * An archive that is being made. Its entries are written in the order in which they were appended, however they are
 * finished. It appears only when no page is missing: one that cannot be upscaled is there in its original form, but one
 * that cannot be read has none.
 */
export class Book {
  readonly #task: ArchiveTask;
  readonly #parts: BookParts;
  #writer: ArchiveWriter | null = null;
  #last: Promise<void> = Promise.resolve();
  #failure: UpscalerError<string> | null = null;
  /** What ended the batch while this was made. */
  #end: unknown = null;
  #written = 0;
  #upscaled = 0;
  /** The first page's failure. */
  #firstKept: UpscalerError<string> | null = null;

  constructor(task: ArchiveTask, parts: BookParts) {
    this.#task = task;
    this.#parts = parts;
  }

  /** Whether it will not be written: nothing more needs to be made for it. */
  get hasFailed(): boolean {
    return this.#failure !== null;
  }

  /**
   * Appends an entry when it is made and everything before it is appended.
   *
   * @returns when that is done
   * @throws what ends the batch
   */
  append(entry: ReadableEntry, names: EntryNames, made: Promise<MadeItem>): Promise<void> {
    // A failure is dealt with in its turn.
    made.catch(() => undefined);
    const written = this.#last.then(() => this.#write(entry, names, made));
    this.#last = written.catch((thrown: unknown) => {
      this.#end ??= thrown;
    });
    return written;
  }

  /** A page that cannot be read would be missing; anything else is only told. */
  leaveOut({ label, refused, kind }: RefusedEntry): void {
    this.#tellFailed(label, refused);
    if (kind === "page") this.fail(refused);
  }

  /** The archive will not be written. */
  fail(error: UpscalerError<string>): void {
    this.#failure ??= error;
  }

  /**
   * Waits for everything that was appended, and puts the archive in its place.
   *
   * @param comment the archive's own note
   * @throws what ends the batch
   */
  async close(modified: Date | null, comment: Uint8Array | null): Promise<void> {
    try {
      await this.#last;
      if (this.#end !== null) throw this.#end;
      if (this.#upscaled === 0 && this.#firstKept !== null) this.fail(this.#firstKept);
      if (this.#written === 0) this.fail(nothingToWrite(this.#task));
      if (this.#failure === null) await (await this.#open()).finish(modified, comment);
    } catch (thrown) {
      await this.discard();
      if (endsBatch(thrown) || !(thrown instanceof UpscalerError)) throw thrown;
      this.fail(thrown);
    }
    if (this.#failure !== null) await this.discard();
    this.#parts.report.onEvent({
      event: "archive",
      target: this.#task.path,
      status: this.#failure === null ? "written" : "failed",
      error: this.#failure && toEventError(this.#failure),
    });
  }

  /** Leaves nothing behind. */
  async discard(): Promise<void> {
    await this.#last;
    await this.#writer?.discard();
    this.#writer = null;
  }

  async #write(entry: ReadableEntry, names: EntryNames, making: Promise<MadeItem>): Promise<void> {
    try {
      const made = await making;
      if (this.#failure !== null || this.#end !== null) return;
      const { data } = made;
      const name = made.status === "failed" ? names.original() : names.made;
      const isCompressed = entry.kind === "page";
      await (await this.#open()).add({ name, data, modified: entry.modified, isCompressed });
      this.#tell(entry, name, made);
    } catch (thrown) {
      if (endsBatch(thrown) || !(thrown instanceof UpscalerError)) throw thrown;
      this.#tellFailed(entry.label, thrown);
      if (entry.kind === "page" || isAboutOutput(thrown)) this.fail(thrown);
    }
  }

  async #open(): Promise<ArchiveWriter> {
    if (this.#writer !== null) return this.#writer;
    const { path, makesFolders } = this.#task;
    await this.#parts.folders.ready(dirname(path), makesFolders);
    this.#writer = await ArchiveWriter.create(await this.#parts.io.create(path));
    return this.#writer;
  }

  #tell(entry: ReadableEntry, name: string, made: MadeItem): void {
    const result = made.status === "upscaled" ? made.result : null;
    this.#written++;
    if (made.status === "upscaled") this.#upscaled++;
    if (made.status === "failed") this.#firstKept ??= made.error;
    this.#parts.report.onEvent({
      event: "item",
      source: entry.label,
      target: `${this.#task.path}/${name}`,
      status: made.status === "failed" ? "kept" : made.status,
      error: made.status === "failed" ? toEventError(made.error) : null,
      size: result && { width: result.page.width, height: result.page.height },
      bytes: made.data.length,
      timings: result?.timings ?? null,
      warnings: result?.warnings ?? [],
    });
  }

  #tellFailed(label: string, error: UpscalerError<string> | BatchError): void {
    this.#parts.report.onEvent({
      ...{ event: "item", source: label, target: null, status: "failed", error: toEventError(error) },
      ...{ size: null, bytes: 0, timings: null, warnings: [] },
    });
  }
}

function nothingToWrite({ path }: ArchiveTask): BatchError {
  return new BatchError("archive_damaged", `expected files to put into ${path}, received none`);
}

function isAboutOutput({ code }: UpscalerError<string>): boolean {
  return code === "output_unwritable";
}
