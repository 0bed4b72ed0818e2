import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { parentPort, workerData } from "node:worker_threads";
import type { LibarchiveWasm } from "libarchive-wasm";
import { messageOf } from "../errors.js";
import type { ArchiveAnswer, ArchiveHeader, ArchiveRequest, ArchiveThreadData } from "./archive-messages.js";

// A thread of its own, for one archive: unpacking holds up nobody, and its memory, which WebAssembly never gives back
// by itself, ends with it.

/** Read and copied at a time. */
const CHUNK_BYTES = 1 << 20;

/** By the file type in `st_mode`; of some 7z archives nothing is known but that an entry is no folder. */
const TYPES: ReadonlyMap<number, ArchiveHeader["type"]> = new Map([
  [0, "file"],
  [0x8000, "file"],
  [0x4000, "folder"],
  [0xa000, "link"],
]);

/** The archive in the memory of libarchive. */
class Archive {
  readonly #library: LibarchiveWasm;
  readonly #archive: number;
  #count = 0;

  constructor(library: LibarchiveWasm, archive: number) {
    this.#library = library;
    this.#archive = archive;
  }

  next(): ArchiveAnswer {
    const library = this.#library;
    const entry = library.read_next_entry(this.#archive);
    if (entry === 0) {
      // Of an archive whose directory is cut off libarchive says that it has no entries.
      const message = library.error_string(this.#archive) || (this.#count === 0 ? "it has no entries" : "");
      return message ? this.#failure(message) : { is: "end" };
    }
    this.#count++;
    const type = library.entry_hardlink(entry)
      ? "link"
      : (TYPES.get(library.entry_filetype(entry)) ?? "other");
    return {
      is: "entry",
      header: {
        name: library.entry_pathname(entry) ?? "",
        bytes: Math.max(0, library.entry_size(entry)),
        modified: library.entry_mtime(entry) * 1000,
        type,
        isEncrypted: library.entry_is_encrypted(entry) !== 0,
      },
    };
  }

  read(limit: number): ArchiveAnswer {
    const { module } = this.#library;
    const chunks: Uint8Array[] = [];
    const room = module._malloc(CHUNK_BYTES);
    try {
      for (let bytes = 0; ; ) {
        const count = this.#library.read_data(this.#archive, room, CHUNK_BYTES);
        if (count === 0) return { is: "data", data: new Uint8Array(Buffer.concat(chunks)) };
        bytes += count;
        if (bytes > limit) {
          return {
            is: "failure",
            why: "too_large",
            message: `expected at most ${limit} bytes, received more`,
          };
        }
        // The heap moves when it grows.
        chunks.push(new Uint8Array(module.HEAP8.buffer.slice(room, room + count)));
      }
    } catch (thrown) {
      return this.#failure(messageOf(thrown));
    } finally {
      module._free(room);
    }
  }

  #failure(message: string): ArchiveAnswer {
    const isEncrypted =
      this.#library.read_has_encrypted_entries(this.#archive) > 0 || /encrypt|passphrase/i.test(message);
    return { is: "failure", why: isEncrypted ? "encrypted" : "damaged", message };
  }
}

async function copyInto(library: LibarchiveWasm, { path, bytes }: ArchiveThreadData): Promise<number> {
  const start: number = library.module._malloc(bytes);
  if (start === 0) throw new Error(`no memory for ${bytes} bytes`);
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    for (let at = 0; at < bytes; ) {
      const { bytesRead } = await file.read(chunk, 0, Math.min(CHUNK_BYTES, bytes - at), at);
      if (bytesRead === 0) throw new Error("the file became shorter while it was read");
      library.module.HEAPU8.set(chunk.subarray(0, bytesRead), start + at);
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
  return start;
}

async function openArchive(data: ArchiveThreadData): Promise<Archive> {
  const { libarchiveWasm } = await import("libarchive-wasm");
  const library = await libarchiveWasm();
  const start = await copyInto(library, data);
  return new Archive(library, library.read_new_memory(start, data.bytes));
}

function failureOf(thrown: unknown): ArchiveAnswer {
  const isMissing = (thrown as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND";
  return { is: "failure", why: isMissing ? "missing" : "damaged", message: messageOf(thrown) };
}

const opening = openArchive(workerData as ArchiveThreadData);
opening.catch(() => undefined);

async function answer(request: ArchiveRequest): Promise<ArchiveAnswer> {
  try {
    const archive = await opening;
    return request.ask === "next" ? archive.next() : archive.read(request.limit);
  } catch (thrown) {
    return failureOf(thrown);
  }
}

let last: Promise<void> = Promise.resolve();
parentPort?.on("message", (request: ArchiveRequest) => {
  last = last.then(async () => {
    const answered = await answer(request);
    const transferred = answered.is === "data" ? [answered.data.buffer as ArrayBuffer] : [];
    parentPort?.postMessage(answered, transferred);
  });
});
