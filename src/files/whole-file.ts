import { createHash, randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { type FileHandle, open, readdir, rename, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";

/** File systems that cannot flush a folder answer with one of these; the file itself is flushed all the same. */
const FOLDER_CANNOT_SYNC: ReadonlySet<string> = new Set(["EINVAL", "ENOTSUP", "EISDIR", "EBADF", "EPERM"]);

/** Hidden, so that no reader takes it for a page; short, so that it fits wherever the final name does. */
const TEMPORARY_NAME = /^\.bdreader-([0-9a-f]{8})-(\d+)-([0-9a-f]{8})-\d+\.tmp$/;

/** After that long a file that another machine left in a shared folder is nobody's. */
const FOREIGN_AGE_MS = 24 * 3600 * 1000;

const HOST = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
/** Process numbers are used again, in containers at every start. */
const RUN = randomBytes(4).toString("hex");

const unfinished = new Set<string>();
let created = 0;

/**
 * A file that appears under its name only once it is whole: it is written beside it, flushed to the disk and renamed.
 * Every method throws the system's error.
 */
export class WholeFile {
  readonly #path: string;
  readonly #temporary: string;
  readonly #file: FileHandle;
  #isOpen = true;

  private constructor(path: string, temporary: string, file: FileHandle) {
    this.#path = path;
    this.#temporary = temporary;
    this.#file = file;
  }

  static async create(path: string): Promise<WholeFile> {
    const temporary = join(dirname(path), `.bdreader-${HOST}-${process.pid}-${RUN}-${created++}.tmp`);
    const file = await open(temporary, "wx");
    unfinished.add(temporary);
    return new WholeFile(path, temporary, file);
  }

  async write(data: Uint8Array): Promise<void> {
    await this.#file.writeFile(data);
  }

  /**
   * Puts the file in its place, over one that is there. Nothing of it is left when this throws.
   *
   * @param modified the time that the file is given; null for now
   */
  async commit(modified: Date | null = null): Promise<void> {
    try {
      if (modified !== null) await this.#file.utimes(modified, modified);
      await this.#file.sync();
      await this.#close();
      await rename(this.#temporary, this.#path);
      unfinished.delete(this.#temporary);
    } catch (cause) {
      await this.discard();
      throw cause;
    }
    await syncFolder(dirname(this.#path));
  }

  /** Leaves nothing behind. */
  async discard(): Promise<void> {
    try {
      await this.#close();
    } finally {
      await rm(this.#temporary, { force: true });
      unfinished.delete(this.#temporary);
    }
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } catch (cause) {
    if (!FOLDER_CANNOT_SYNC.has((cause as NodeJS.ErrnoException).code ?? "")) throw cause;
  } finally {
    await folder.close();
  }
}

/** Removes what this process has begun to write and not finished: for an end that waits for nothing. */
export function removeUnfinished(): void {
  for (const path of unfinished) rmSync(path, { force: true });
}

/**
 * Removes what processes that are gone have begun to write in a folder and not finished.
 *
 * @param isAlive whether a process of this machine is running
 * @returns how many files were removed
 */
export async function removeLeftovers(folder: string, isAlive: (pid: number) => boolean): Promise<number> {
  let removed = 0;
  for (const name of await readdir(folder)) {
    const [, host, pid, run] = TEMPORARY_NAME.exec(name) ?? [];
    if (host === undefined || run === RUN) continue;
    const path = join(folder, name);
    const isAbandoned =
      host === HOST ? Number(pid) === process.pid || !isAlive(Number(pid)) : await isForgotten(path);
    if (!isAbandoned) continue;
    await rm(path, { force: true });
    removed++;
  }
  return removed;
}

async function isForgotten(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found !== null && Date.now() - found.mtimeMs > FOREIGN_AGE_MS;
}
