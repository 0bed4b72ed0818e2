import type { BatchFiles } from "./batch-files.js";
import { MAX_ENTRY_BYTES } from "./batch-limits.js";
import { isPageName } from "./file-kinds.js";
import type { Source, SourceEntry } from "./source.js";

/** A regular file that was found. */
export interface FoundFile {
  /** Real path: no part of it is a link. */
  readonly path: string;
  /** As the user named it or would find it. */
  readonly label: string;
  /** Below the input it was found in, parts joined by "/"; its own name for a file that was named itself. */
  readonly relative: string;
  readonly bytes: number;
  readonly modified: Date;
}

/** @param arePages whether they are pages whatever they are called, as a file that was named by itself is */
export function filesSource(files: readonly FoundFile[], io: BatchFiles, arePages: boolean): Source {
  const toEntry = ({ path, label, relative, bytes, modified }: FoundFile): SourceEntry => ({
    ...{ refused: null, label, path: relative, bytes, weight: bytes, modified, file: path },
    kind: arePages || isPageName(relative) ? "page" : "other",
    read: () => io.read(path, MAX_ENTRY_BYTES),
  });
  return {
    label: files.length === 1 ? (files[0]?.label ?? "") : `${files.length} files`,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    modified: null,
    open: async () => ({
      async *entries() {
        yield* files.map(toEntry);
      },
      comment: null,
      close: async () => undefined,
    }),
  };
}
