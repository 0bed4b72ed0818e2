import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { PACKAGE_ROOT } from "../package-root.js";
import type { ArchiveAnswer, ArchiveHeader, ArchiveRequest, ArchiveThreadData } from "./archive-messages.js";
import { BatchError } from "./batch-error.js";
import { MAX_ARCHIVE_IN_MEMORY, MAX_ENTRIES, MAX_ENTRY_BYTES } from "./batch-limits.js";
import { isPageName } from "./file-kinds.js";
import type { FoundFile } from "./found-files.js";
import { safeEntryPath } from "./safe-names.js";
import { type OpenSource, type SourceEntry, timeOrNull } from "./source.js";

/** Compiled: a thread is started from JavaScript. */
const THREAD = join(PACKAGE_ROOT, "dist", "src", "batch", "archive-thread.js");

/** Asks the thread that has an archive open; answers come in the order of the questions. */
class ArchiveThread {
  readonly #worker: Worker;
  readonly #waiting: { resolve(answer: ArchiveAnswer): void; reject(reason: Error): void }[] = [];
  #end: Error | null = null;

  constructor(data: ArchiveThreadData) {
    this.#worker = new Worker(THREAD, { workerData: data, stdout: false, stderr: false });
    this.#worker.on("message", (answer: ArchiveAnswer) => this.#waiting.shift()?.resolve(answer));
    this.#worker.on("error", (cause) => this.#fail(cause));
    this.#worker.on("exit", () => this.#fail(new Error("the thread that reads the archive has ended")));
  }

  ask(request: ArchiveRequest): Promise<ArchiveAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#end !== null) return reject(this.#end);
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(request);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(cause: Error): void {
    this.#end ??= cause;
    for (const { reject } of this.#waiting.splice(0)) reject(cause);
  }
}

/** A RAR or 7z archive, read from its beginning to its end by libarchive. */
class ThreadedSource implements OpenSource {
  readonly comment = null;
  readonly #thread: ArchiveThread;
  readonly #archive: FoundFile;

  constructor(thread: ArchiveThread, archive: FoundFile) {
    this.#thread = thread;
    this.#archive = archive;
  }

  async *entries(): AsyncIterable<SourceEntry> {
    const { label } = this.#archive;
    for (let count = 0; ; count++) {
      const answer = await this.#thread.ask({ ask: "next" });
      if (answer.is === "end") return;
      if (answer.is !== "entry") throw failureOf(answer, label);
      if (count >= MAX_ENTRIES) {
        throw new BatchError("archive_too_large", `expected ${label} to have at most ${MAX_ENTRIES} entries`);
      }
      if (answer.header.type !== "folder") yield this.#toEntry(answer.header);
    }
  }

  close(): Promise<void> {
    return this.#thread.close();
  }

  #toEntry(header: ArchiveHeader): SourceEntry {
    const kind = isPageName(header.name) ? "page" : "other";
    // How much of the file an entry takes is not told; the whole is counted when the archive is done.
    const weight = 0;
    try {
      const path = safeEntryPath(header.name);
      const label = `${this.#archive.label}/${path}`;
      const refused = refusalOf(header, label);
      if (refused !== null) return { refused, label, weight, kind };
      const { bytes, modified } = header;
      return {
        ...{ refused: null, label, weight, kind, path, bytes, file: null },
        modified: modified === 0 ? null : timeOrNull(new Date(modified)),
        read: () => this.#read(label),
      };
    } catch (thrown) {
      if (!(thrown instanceof BatchError)) throw thrown;
      return { refused: thrown, label: this.#archive.label, weight, kind };
    }
  }

  async #read(label: string): Promise<Uint8Array> {
    const answer = await this.#thread.ask({ ask: "read", limit: MAX_ENTRY_BYTES });
    if (answer.is !== "data") throw failureOf(answer, label);
    return answer.data;
  }
}

function refusalOf({ type, isEncrypted, bytes }: ArchiveHeader, label: string): BatchError | null {
  if (type !== "file")
    return new BatchError("name_unsafe", `expected ${label} to be a file, received a ${type}`);
  if (isEncrypted) {
    return new BatchError("archive_encrypted", `expected ${label} to be readable, received an encrypted one`);
  }
  if (bytes <= MAX_ENTRY_BYTES) return null;
  return new BatchError(
    "entry_too_large",
    `expected ${label} to have at most ${MAX_ENTRY_BYTES} bytes, received ${bytes}`,
  );
}

function failureOf(answer: ArchiveAnswer, label: string): BatchError {
  if (answer.is !== "failure") throw new Error(`expected data or a failure, received ${answer.is}`);
  const { why, message } = answer;
  switch (why) {
    case "missing":
      return new BatchError(
        "archive_unsupported",
        `expected the optional package libarchive-wasm to be installed to read ${label}: npm install libarchive-wasm`,
      );
    case "too_large":
      return new BatchError("entry_too_large", `${label}: ${message}`);
    case "encrypted":
      return new BatchError(
        "archive_encrypted",
        `expected ${label} to be readable, received an encrypted one`,
      );
    case "damaged":
      return new BatchError("archive_damaged", `expected ${label} to be a whole archive: ${message}`);
  }
}

/**
 * Opens a RAR (CBR) or 7z (CB7) archive. It is held in memory whole, in a thread of its own, until it is closed.
 *
 * @throws {BatchError} archive_too_large; what is wrong with the archive is told when its entries are read
 */
export async function openThreaded(archive: FoundFile): Promise<OpenSource> {
  const { path, bytes, label } = archive;
  if (bytes > MAX_ARCHIVE_IN_MEMORY) {
    throw new BatchError(
      "archive_too_large",
      `expected ${label} to have at most ${MAX_ARCHIVE_IN_MEMORY} bytes, as RAR and 7z are unpacked in memory, received ${bytes}: convert it to CBZ`,
    );
  }
  return new ThreadedSource(new ArchiveThread({ path, bytes }), archive);
}
