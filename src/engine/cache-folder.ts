import { randomBytes } from "node:crypto";
import { access, constants, mkdir, open, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { messageOf } from "../errors.js";
import { PROGRAM_NAME } from "../version.js";

/** What is kept of one key: `<key>.json` and whatever else starts with the key. */
const MOST_KEYS = 64;

/** Far above what a profile needs; a longer file is not one. */
const MOST_JSON_BYTES = 256 * 1024;

const KEY = /^[0-9a-f]{64}/;
const TEMPORARY = /\.tmp-[0-9a-f]+$/;

/** A temporary file of this age was left behind by a process that was killed. */
const STALE_MS = 60 * 60 * 1000;

/** The environment variables that say where the folder is. */
export type CacheEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * @param home the user's home folder
 * @returns $BDREADER_CACHE_DIR, else bdreader-ncnn-upscaler in $XDG_CACHE_HOME or in ~/.cache; an absolute path
 */
export function cacheRoot(environment: CacheEnvironment, home: string): string {
  const { BDREADER_CACHE_DIR: own, XDG_CACHE_HOME: ofUser } = environment;
  if (own) return resolve(own);
  // The XDG Base Directory Specification wants relative paths to be ignored.
  const caches = ofUser && isAbsolute(ofUser) ? ofUser : join(home, ".cache");
  return resolve(caches, PROGRAM_NAME);
}

/** As mkdir's `recursive`, which never ends on a file system that allows no folders, such as /proc. */
async function makeFolders(path: string): Promise<void> {
  const make = () =>
    mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  try {
    await make();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || dirname(path) === path) throw error;
    await makeFolders(dirname(path));
    await make();
  }
}

/** Small files about devices that are kept between runs. Several processes may use the folder at once. */
export class CacheFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Makes the folder `devices` below the root, readable by its owner only.
   *
   * @returns null with the reason where that cannot be done: the program goes on without
   */
  static async open(
    root: string,
  ): Promise<{ readonly folder: CacheFolder } | { readonly folder: null; readonly reason: string }> {
    const path = join(root, "devices");
    try {
      await makeFolders(path);
      const { uid, mode } = await stat(path);
      // Drivers trust what is in a pipeline cache: one that others can write to is not used.
      if (uid !== process.getuid?.() || (mode & 0o022) !== 0) {
        return { folder: null, reason: `expected ${path} to be writable by its owner only` };
      }
      await access(path, constants.W_OK | constants.X_OK);
      return { folder: new CacheFolder(path) };
    } catch (thrown) {
      return { folder: null, reason: messageOf(thrown) };
    }
  }

  /** @returns where the file of this name is or would be */
  pathOf(name: string): string {
    return join(this.path, name);
  }

  /** @returns the value of a JSON file; null for one that is missing, damaged, unreadable or much too long */
  async readJson(name: string): Promise<unknown> {
    const path = this.pathOf(name);
    try {
      const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      try {
        const status = await file.stat();
        if (!status.isFile() || status.size > MOST_JSON_BYTES) return null;
        const value: unknown = JSON.parse(await file.readFile("utf8"));
        // Used files count as young, so that the oldest are those nobody needs.
        const now = new Date();
        await utimes(path, now, now);
        return value;
      } finally {
        await file.close();
      }
    } catch {
      return null;
    }
  }

  /**
   * Writes a JSON file so that a reader, or a reader after a crash, finds the old or the new one whole; then drops the
   * oldest keys beyond 64.
   *
   * @throws {Error} of the file system
   */
  async replaceJson(name: string, value: unknown): Promise<void> {
    const temporary = this.pathOf(`${name}.tmp-${randomBytes(12).toString("hex")}`);
    try {
      const file = await open(temporary, "wx", 0o600);
      try {
        await file.writeFile(`${JSON.stringify(value, null, 2)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.pathOf(name));
    } catch (thrown) {
      await rm(temporary, { force: true });
      throw thrown;
    }
    await this.#dropOldest();
  }

  /** Removes files; those that are not there or cannot be removed are left alone. */
  async remove(names: readonly string[]): Promise<void> {
    await Promise.all(names.map((name) => rm(this.pathOf(name), { force: true }).catch(() => undefined)));
  }

  async #dropOldest(): Promise<void> {
    const newest = new Map<string, number>();
    const files = new Map<string, string[]>();
    const stale: string[] = [];
    for (const name of await readdir(this.path)) {
      // Another process may have removed it since.
      const status = await stat(this.pathOf(name)).catch(() => null);
      const key = KEY.exec(name)?.[0];
      if (status === null || key === undefined) continue;
      if (TEMPORARY.test(name)) {
        if (Date.now() - status.mtimeMs > STALE_MS) stale.push(name);
        continue;
      }
      newest.set(key, Math.max(newest.get(key) ?? 0, status.mtimeMs));
      files.set(key, [...(files.get(key) ?? []), name]);
    }
    const youngestFirst = [...newest].sort(([, a], [, b]) => b - a).map(([key]) => key);
    const dropped = youngestFirst.slice(MOST_KEYS).flatMap((key) => files.get(key) ?? []);
    await this.remove([...stale, ...dropped]);
  }
}
