import { stat, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { archiveSource } from "../../src/batch/archive-source.js";
import type { FoundFile } from "../../src/batch/found-files.js";
import type { Source, SourceEntry } from "../../src/batch/source.js";

export async function foundFile(path: string): Promise<FoundFile> {
  const { size: bytes, mtime: modified } = await stat(path);
  return { path, label: basename(path), relative: basename(path), bytes, modified };
}

/** What a source gives, read to its end. */
export interface ReadSource {
  /** Content, or the code of the refusal or failure, by path; by label where there is no path. */
  readonly entries: readonly (readonly [name: string, content: string])[];
  /** What ended it early. */
  readonly failure: unknown;
}

async function contentOf(entry: SourceEntry): Promise<readonly [string, string]> {
  if (entry.refused !== null) return [entry.label, entry.refused.code];
  const content = await entry.read().then(
    (data) => Buffer.from(data).toString("latin1"),
    (error: { code: string }) => error.code,
  );
  return [entry.path, content];
}

export async function readSource(source: Source): Promise<ReadSource> {
  const reads: Promise<readonly [string, string]>[] = [];
  let failure: unknown = null;
  try {
    const open = await source.open();
    try {
      for await (const entry of open.entries()) reads.push(contentOf(entry));
    } catch (thrown) {
      failure = thrown;
    }
    await Promise.all(reads);
    await open.close();
  } catch (thrown) {
    failure = thrown;
  }
  return { entries: await Promise.all(reads), failure };
}

export async function readArchive(path: string, bytes?: Uint8Array): Promise<ReadSource> {
  if (bytes !== undefined) await writeFile(path, bytes);
  return readSource(archiveSource(await foundFile(path)));
}
