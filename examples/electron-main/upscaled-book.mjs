import { createHash } from "node:crypto";
import { access, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PRIORITY } from "bdreader-ncnn-upscaler";

/** Pages that are upscaled before they are looked at, in the order of reading and against it. */
const AHEAD = 3;
const BEHIND = 1;

/** The pages of one book, upscaled around the one that is looked at. */
export class UpscaledBook {
  #client;
  #pages;
  #cacheFolder;
  /** Work that is under way or done, by index of the page. */
  #wanted = new Map();

  /**
   * @param {import("bdreader-ncnn-upscaler").UpscaleClient} client one for the whole program
   * @param {readonly string[]} pages image files
   * @param {string} cacheFolder a folder of its own for each version of the worker, model and set of options
   */
  constructor(client, pages, cacheFolder) {
    this.#client = client;
    this.#pages = pages;
    this.#cacheFolder = cacheFolder;
  }

  /**
   * Upscales the page first that is now looked at, its neighbours next, and nothing else any more.
   *
   * @param {number} visible index of the page
   * @returns {Promise<{ path: string, from: "cache" | "worker" }>} rejects when the original has to do
   */
  turnTo(visible) {
    const near = new Set([visible]);
    for (let step = 1; step <= AHEAD; step++) near.add(visible + step);
    for (let step = 1; step <= BEHIND; step++) near.add(visible - step);
    for (const [index, work] of this.#wanted) {
      if (near.has(index)) continue;
      work.abort.abort();
      this.#wanted.delete(index);
    }
    for (const index of near) {
      if (index in this.#pages) this.#want(index, index === visible ? PRIORITY.visible : PRIORITY.prefetch);
    }
    return this.#wanted.get(visible)?.done ?? Promise.reject(new RangeError(`there is no page ${visible}`));
  }

  #want(index, priority) {
    const work = this.#wanted.get(index);
    if (work !== undefined) {
      work.priority = priority;
      work.request?.update({ priority });
      return;
    }
    const started = { priority, abort: new AbortController(), request: null, done: null };
    started.done = this.#upscale(this.#pages[index], started);
    // A page that failed is tried again when it is wanted again; nobody waits for a prefetched one.
    started.done.catch(() => this.#wanted.get(index) === started && this.#wanted.delete(index));
    this.#wanted.set(index, started);
  }

  async #upscale(page, work) {
    const data = await readFile(page);
    const path = join(this.#cacheFolder, `${createHash("sha256").update(data).digest("hex")}.webp`);
    if (await exists(path)) return { path, from: "cache" };
    work.request = this.#client.upscale(data, { priority: work.priority, signal: work.abort.signal });
    const result = await work.request;
    await mkdir(this.#cacheFolder, { recursive: true });
    // Whole or not at all: the program may end at any time.
    await writeFile(`${path}.part`, result.data);
    await rename(`${path}.part`, path);
    return { path, from: "worker" };
  }
}

function exists(path) {
  return access(path).then(
    () => true,
    () => false,
  );
}
