import { crc32 } from "node:zlib";
import yauzl, { type Entry, type ZipFile } from "yauzl";
import { messageOf } from "../errors.js";
import { BatchError, readFailure } from "./batch-error.js";
import { MAX_ENTRIES, MAX_ENTRY_BYTES, MAX_EXPANSION, UNSUSPICIOUS_BYTES } from "./batch-limits.js";
import { isPageName } from "./file-kinds.js";
import type { FoundFile } from "./found-files.js";
import { safeEntryPath } from "./safe-names.js";
import { type OpenSource, type SourceEntry, timeOrNull } from "./source.js";

const FILE_TYPE = 0xf000;
const SYMBOLIC_LINK = 0xa000;
const MADE_BY_UNIX = 3;

function damaged(label: string, cause: unknown): BatchError {
  if (cause instanceof BatchError) return cause;
  return new BatchError(
    "archive_damaged",
    `expected ${label} to be a whole ZIP archive: ${messageOf(cause)}`,
    {
      cause,
    },
  );
}

/** Some entries are read by nobody, others can be told to be dishonest before a byte is read. */
function refusalOf(entry: Entry, label: string): BatchError | null {
  const isLink =
    entry.versionMadeBy >>> 8 === MADE_BY_UNIX &&
    ((entry.externalFileAttributes >>> 16) & FILE_TYPE) === SYMBOLIC_LINK;
  if (isLink)
    return new BatchError("name_unsafe", `expected ${label} to be a file, received a symbolic link`);
  if (entry.isEncrypted()) {
    return new BatchError("archive_encrypted", `expected ${label} to be readable, received an encrypted one`);
  }
  if (!entry.canDecodeFileData()) {
    return new BatchError(
      "archive_unsupported",
      `expected ${label} to be stored or deflated, received compression method ${entry.compressionMethod}`,
    );
  }
  if (entry.uncompressedSize > MAX_ENTRY_BYTES) {
    return new BatchError(
      "entry_too_large",
      `expected ${label} to have at most ${MAX_ENTRY_BYTES} bytes, received ${entry.uncompressedSize}`,
    );
  }
  return null;
}

/** An archive for reading, entry by entry, in the order of its directory. */
class ZipSource implements OpenSource {
  readonly #zip: ZipFile;
  readonly #archive: FoundFile;

  constructor(zip: ZipFile, archive: FoundFile) {
    this.#zip = zip;
    this.#archive = archive;
  }

  get comment(): Uint8Array | null {
    // Undecoded, as asked for; the types know decoded ones only.
    const comment = this.#zip.comment as unknown as Uint8Array;
    return comment.length > 0 ? comment : null;
  }

  async *entries(): AsyncIterable<SourceEntry> {
    try {
      const honesty = new Honesty(this.#archive);
      for await (const entry of this.#zip.eachEntry()) {
        honesty.expect(entry);
        const found = this.#toEntry(entry);
        if (found !== null) yield found;
      }
    } catch (cause) {
      throw damaged(this.#archive.label, cause);
    }
  }

  async close(): Promise<void> {
    this.#zip.close();
  }

  /** @returns null for a folder: those that hold files are made for them */
  #toEntry(entry: Entry): SourceEntry | null {
    const name = yauzl.getFileNameLowLevel(
      entry.generalPurposeBitFlag,
      entry.fileNameRaw,
      entry.extraFields,
      false,
    );
    if (name.endsWith("/")) return null;
    const weight = entry.compressedSize;
    const kind = isPageName(name) ? "page" : "other";
    try {
      const path = safeEntryPath(name);
      const label = `${this.#archive.label}/${path}`;
      const refused = refusalOf(entry, label);
      if (refused !== null) return { refused, label, weight, kind };
      return {
        ...{ refused: null, label, weight, kind, path, file: null },
        bytes: entry.uncompressedSize,
        modified: timeOrNull(entry.getLastModDate()),
        read: () => this.#read(entry, label),
      };
    } catch (thrown) {
      if (!(thrown instanceof BatchError)) throw thrown;
      return { refused: thrown, label: this.#archive.label, weight, kind };
    }
  }

  async #read(entry: Entry, label: string): Promise<Uint8Array> {
    try {
      const chunks: Uint8Array[] = [];
      // Ends with an error when more or fewer bytes come than the directory says.
      for await (const chunk of await this.#zip.openReadStreamPromise(entry)) chunks.push(chunk);
      const data = Buffer.concat(chunks);
      if (crc32(data) !== entry.crc32) throw new Error("its checksum is wrong");
      return data;
    } catch (cause) {
      throw new BatchError("archive_damaged", `expected ${label} to be undamaged: ${messageOf(cause)}`, {
        cause,
      });
    }
  }
}

/** Adds up what a directory says, and refuses what no honest archive says. */
class Honesty {
  readonly #archive: FoundFile;
  #entries = 0;
  #compressed = 0;
  #expanded = 0;

  constructor(archive: FoundFile) {
    this.#archive = archive;
  }

  expect({ compressedSize, uncompressedSize }: Entry): void {
    const { label, bytes } = this.#archive;
    this.#entries++;
    this.#compressed += compressedSize;
    this.#expanded += uncompressedSize;
    if (this.#entries > MAX_ENTRIES) {
      throw new BatchError(
        "archive_too_large",
        `expected ${label} to have at most ${MAX_ENTRIES} entries, received more`,
      );
    }
    // Entries that share their bytes are how a small archive claims to hold a huge one.
    if (this.#compressed > bytes) {
      throw new BatchError(
        "archive_too_large",
        `expected the entries of ${label} to fit into its ${bytes} bytes, received entries that overlap`,
      );
    }
    const most = Math.max(UNSUSPICIOUS_BYTES, bytes * MAX_EXPANSION);
    if (this.#expanded > most) {
      throw new BatchError(
        "archive_too_large",
        `expected ${label} to expand to at most ${most} bytes, received at least ${this.#expanded}`,
      );
    }
  }
}

/**
 * Opens a ZIP archive (CBZ). Sizes, checksums and names are checked; each entry is read by itself, so that an archive may
 * be larger than memory.
 *
 * @throws {BatchError} input_unreadable, archive_damaged
 */
export async function openZip(archive: FoundFile): Promise<OpenSource> {
  try {
    const zip = await yauzl.openPromise(archive.path, {
      // Names are decoded and checked here, one by one: a bad one must not hide the others.
      ...{ autoClose: false, lazyEntries: true, decodeStrings: false, validateEntrySizes: true },
    });
    return new ZipSource(zip, archive);
  } catch (cause) {
    throw (cause as NodeJS.ErrnoException).errno === undefined
      ? damaged(archive.label, cause)
      : readFailure(archive.label, cause);
  }
}
