import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { WholeFile } from "../files/whole-file.js";
import { BatchError, readFailure, writeFailure } from "./batch-error.js";

/** A file that is being written in parts and appears when it is whole. */
export interface FileInProgress {
  write(data: Uint8Array): Promise<void>;
  commit(modified: Date | null): Promise<void>;
  discard(): Promise<void>;
}

/** How files are read and written: the one place that knows the system's calls. Every method may be called side by side. */
export interface BatchFiles {
  /**
   * @param limit largest number of bytes
   * @throws {BatchError} input_unreadable, entry_too_large
   */
  read(path: string, limit: number): Promise<Uint8Array>;
  /**
   * Writes a file of which a reader sees all or nothing.
   *
   * @param modified the time that it is given; null for now
   * @throws {BatchError} output_unwritable, output_full
   */
  write(path: string, data: Uint8Array, modified: Date | null): Promise<void>;
  /**
   * Copies a file of any size, of which a reader sees all or nothing.
   *
   * @returns its bytes
   * @throws {BatchError} as `read` and `write`
   */
  copy(from: string, to: string, modified: Date | null): Promise<number>;
  /** Begins a file that is written in parts; its methods throw as `write` does. */
  create(path: string): Promise<FileInProgress>;
}

/** Neither a link that replaced the file since it was found is followed, nor a pipe waited for. */
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Bytes that are copied at a time. */
const CHUNK_BYTES = 1 << 20;

async function openToRead(path: string): Promise<FileHandle> {
  const file = await open(path, READ_FLAGS);
  const isFile = await file.stat().then(
    (found) => found.isFile(),
    () => false,
  );
  if (isFile) return file;
  await file.close();
  throw new BatchError("input_unreadable", `expected a file at ${path}`);
}

async function* chunksOf(path: string): AsyncIterable<Uint8Array> {
  try {
    const file = await openToRead(path);
    try {
      const chunk = Buffer.alloc(CHUNK_BYTES);
      for (;;) {
        const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, null);
        if (bytesRead === 0) return;
        yield chunk.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw readFailure(path, cause);
  }
}

/** Files by the calls of Node.js, on its thread pool. */
export const PLAIN_FILES: BatchFiles = {
  async read(path, limit) {
    try {
      const file = await openToRead(path);
      try {
        const { size } = await file.stat();
        if (size > limit) {
          throw new BatchError(
            "entry_too_large",
            `expected ${path} to have at most ${limit} bytes, received ${size}`,
          );
        }
        return await file.readFile();
      } finally {
        await file.close();
      }
    } catch (cause) {
      throw readFailure(path, cause);
    }
  },

  async write(path, data, modified) {
    const file = await this.create(path);
    try {
      await file.write(data);
    } catch (cause) {
      await file.discard();
      throw cause;
    }
    await file.commit(modified);
  },

  async copy(from, to, modified) {
    let bytes = 0;
    const file = await this.create(to);
    try {
      for await (const chunk of chunksOf(from)) {
        await file.write(chunk);
        bytes += chunk.length;
      }
    } catch (cause) {
      await file.discard();
      throw cause;
    }
    await file.commit(modified);
    return bytes;
  },

  async create(path) {
    const typed = async <Value>(work: Promise<Value>): Promise<Value> => {
      try {
        return await work;
      } catch (cause) {
        throw writeFailure(path, cause);
      }
    };
    const file = await typed(WholeFile.create(path));
    return {
      write: (data) => typed(file.write(data)),
      commit: (modified) => typed(file.commit(modified)),
      discard: () => typed(file.discard()),
    };
  },
};
