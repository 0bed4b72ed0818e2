import { open } from "node:fs/promises";
import { BatchError, readFailure } from "./batch-error.js";
import type { FoundFile } from "./found-files.js";
import type { OpenSource, Source } from "./source.js";
import { openThreaded } from "./threaded-source.js";
import { openZip } from "./zip-source.js";

type Opener = (archive: FoundFile) => Promise<OpenSource>;

const SIGNATURES: readonly (readonly [signature: string, open: Opener])[] = [
  ["PK\x03\x04", openZip],
  // An archive without entries.
  ["PK\x05\x06", openZip],
  ["Rar!\x1a\x07", openThreaded],
  ["7z\xbc\xaf\x27\x1c", openThreaded],
];
const LOOKED_AT = 8;

async function readStart(archive: FoundFile): Promise<string> {
  try {
    const file = await open(archive.path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(LOOKED_AT), 0, LOOKED_AT, 0);
      return buffer.toString("latin1", 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw readFailure(archive.label, cause);
  }
}

/** What an archive is, is told by its first bytes: many CBR files are ZIP archives. */
async function openArchive(archive: FoundFile): Promise<OpenSource> {
  const start = await readStart(archive);
  const found = SIGNATURES.find(([signature]) => start.startsWith(signature));
  if (found === undefined) {
    throw new BatchError(
      "archive_unsupported",
      `expected ${archive.label} to be a ZIP, RAR or 7z archive, received another kind of data`,
    );
  }
  return found[1](archive);
}

export function archiveSource(archive: FoundFile): Source {
  const { label, bytes, modified } = archive;
  return { label, bytes, modified, open: () => openArchive(archive) };
}
