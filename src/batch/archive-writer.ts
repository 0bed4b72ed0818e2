import type { Uint8ArrayReader, ZipWriter } from "@zip.js/zip.js";
import type { FileInProgress } from "./batch-files.js";

/** What is put into an archive. */
export interface ArchiveItem {
  /** Parts joined by "/". */
  readonly name: string;
  readonly data: Uint8Array;
  /** Null for now. */
  readonly modified: Date | null;
  /** Images are compressed already. */
  readonly isCompressed: boolean;
}

const DEFLATE_LEVEL = 6;

/** Writes a ZIP archive into a file, item after item; the file is the writer's from now on. */
export class ArchiveWriter {
  readonly #file: FileInProgress;
  readonly #zip: ZipWriter<unknown>;
  readonly #toReader: (data: Uint8Array) => Uint8ArrayReader;
  /** What the file failed with: the archive's own error would be another one. */
  #failure: unknown = null;

  private constructor(file: FileInProgress, library: typeof import("@zip.js/zip.js")) {
    this.#file = file;
    this.#toReader = (data) => new library.Uint8ArrayReader(data);
    const stream = new WritableStream<Uint8Array>({ write: (chunk) => this.#write(chunk) });
    this.#zip = new library.ZipWriter(stream, {
      // Sizes stand before the content, where readers that do not look at the directory need them.
      ...{ dataDescriptor: false, keepOrder: true, useWebWorkers: false },
    });
  }

  /** Loads the library, which a run that writes no archive has no need of. */
  static async create(file: FileInProgress): Promise<ArchiveWriter> {
    return new ArchiveWriter(file, await import("@zip.js/zip.js"));
  }

  /**
   * Waits until the item is in the file, so that memory holds one at a time.
   *
   * @throws {BatchError} output_unwritable, output_full
   */
  async add({ name, data, modified, isCompressed }: ArchiveItem): Promise<void> {
    const options = { level: isCompressed ? 0 : DEFLATE_LEVEL, lastModDate: modified ?? new Date() };
    await this.#orFailure(this.#zip.add(name, this.#toReader(data), options));
  }

  /**
   * Puts the archive in its place.
   *
   * @param comment the archive's own note
   * @throws {BatchError} output_unwritable, output_full; nothing is left then
   */
  async finish(modified: Date | null, comment: Uint8Array | null): Promise<void> {
    await this.#orFailure(this.#zip.close(comment ?? undefined));
    await this.#file.commit(modified);
  }

  /** Leaves nothing behind. */
  discard(): Promise<void> {
    return this.#file.discard();
  }

  async #write(chunk: Uint8Array): Promise<void> {
    try {
      await this.#file.write(chunk);
    } catch (thrown) {
      this.#failure = thrown;
      throw thrown;
    }
  }

  async #orFailure(work: Promise<unknown>): Promise<void> {
    try {
      await work;
    } catch (thrown) {
      throw this.#failure ?? thrown;
    }
  }
}
