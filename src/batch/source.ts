import type { BatchError } from "./batch-error.js";

/** @returns the time, or null for one that no calendar has */
export function timeOrNull(time: Date): Date | null {
  return Number.isNaN(time.getTime()) ? null : time;
}

/** What every entry of a source tells. */
interface EntryInfo {
  /** Where it is from, for people: a file's path, or that of an archive and the entry's in it. */
  readonly label: string;
  /** Bytes of the source's file that it stands for: what progress is counted by. */
  readonly weight: number;
}

/** Something that can be read: a page, or a file that is copied as it is. */
export interface ReadableEntry extends EntryInfo {
  readonly refused: null;
  /** Below the source's root, harmless, parts joined by "/". */
  readonly path: string;
  readonly kind: "page" | "other";
  /** What reading gives, as far as it is known before. */
  readonly bytes: number;
  readonly modified: Date | null;
  /** Real path of the file that it is; null for an archive's entry. */
  readonly file: string | null;
  /**
   * Reads all of it. To be called once, and before the next entry is asked for.
   *
   * @throws {BatchError}
   */
  read(): Promise<Uint8Array>;
}

/** Something that is left alone. */
export interface RefusedEntry extends EntryInfo {
  readonly refused: BatchError;
  readonly kind: "page" | "other";
}

export type SourceEntry = ReadableEntry | RefusedEntry;

/** A list of files or an archive, open for reading. */
export interface OpenSource {
  /**
   * In the order in which they are read. To be called once.
   *
   * @throws {BatchError} the rest cannot be read
   */
  entries(): AsyncIterable<SourceEntry>;
  /** An archive's own note, which some programs keep what they know of a comic in; null for none. */
  readonly comment: Uint8Array | null;
  /** To be called when everything that was begun to be read is read. */
  close(): Promise<void>;
}

/** A source that can be opened. */
export interface Source {
  readonly label: string;
  /** Bytes of its file or files. */
  readonly bytes: number;
  /** The time of an archive's file; null for a list of files. */
  readonly modified: Date | null;
  /** @throws {BatchError} */
  open(): Promise<OpenSource>;
}
