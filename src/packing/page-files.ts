import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ResultMessage, StripMessage } from "../../protocol/messages.js";
import { UpscalerError } from "../errors.js";
import { writeWhole } from "../files/write-whole.js";
import { fileNameFor } from "./page-names.js";

/** Files being written at the same time, and their bytes; beyond that the caller waits. */
const MAX_WRITES = 8;
const MAX_BYTES = 64 * 1024 * 1024;

/** The files of one page: each write gives the path of the file that it made, or null where it failed. */
type OpenPage = Promise<string | null>[];

/**
 * The files of a folder that answers become: one for a page, or one for each strip. A file is whole when it is there;
 * those of a page that fails after some strips are removed.
 */
export class PageFiles {
  readonly #folder: string;
  readonly #owners = new Map<string, number>();
  readonly #open = new Map<number, OpenPage>();
  readonly #writing = new Set<Promise<unknown>>();
  #bytes = 0;
  #failure: unknown = null;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Starts to write a page or a strip, once there is room for it.
   *
   * @throws {UpscalerError} invalid_request: its label is no name, or another page has it; encode_failed: an earlier file
   *     could not be written
   */
  async add(answer: ResultMessage | StripMessage, data: Uint8Array): Promise<void> {
    const { id } = answer;
    const name = fileNameFor(answer, answer.t === "strip" ? answer.index : null);
    const owner = this.#owners.get(name) ?? id;
    if (owner !== id) {
      const message = `expected a label of its own, received one that ends in ${name}, which page ${owner} has`;
      throw new UpscalerError("invalid_request", message);
    }
    this.#owners.set(name, id);
    while (this.#writing.size >= MAX_WRITES || this.#bytes > MAX_BYTES) await Promise.race(this.#writing);
    if (this.#failure !== null) throw this.#failure;
    const writing = this.#track(this.#write(join(this.#folder, name), data));
    this.#open.set(id, [...(this.#open.get(id) ?? []), writing]);
  }

  /** Says that the page is whole: its files stay once they are all written. */
  keep(id: number): void {
    this.#track(
      removeUnlessWhole(this.#take(id)).catch((thrown: unknown) => {
        this.#failure ??= thrown;
      }),
    );
  }

  /** Removes what there is of a page. */
  async discard(id: number): Promise<void> {
    await remove(await Promise.all(this.#take(id)));
  }

  /**
   * Waits for what is being written, and removes the strips of pages that are not whole.
   *
   * @throws {UpscalerError} encode_failed: a file could not be written
   */
  async close(): Promise<void> {
    while (this.#writing.size > 0) await Promise.all(this.#writing);
    for (const id of [...this.#open.keys()]) await this.discard(id);
    if (this.#failure !== null) throw this.#failure;
  }

  #take(id: number): OpenPage {
    const page = this.#open.get(id) ?? [];
    this.#open.delete(id);
    return page;
  }

  /** The first failure is told by whatever comes next. */
  async #write(path: string, data: Uint8Array): Promise<string | null> {
    this.#bytes += data.length;
    try {
      await writeWhole(path, data);
      return path;
    } catch (thrown) {
      this.#failure ??= thrown;
      return null;
    } finally {
      this.#bytes -= data.length;
    }
  }

  #track<Value>(work: Promise<Value>): Promise<Value> {
    this.#writing.add(work);
    // It never rejects.
    void work.then(() => this.#writing.delete(work));
    return work;
  }
}

async function removeUnlessWhole(page: OpenPage): Promise<void> {
  const paths = await Promise.all(page);
  if (paths.includes(null)) await remove(paths);
}

async function remove(paths: readonly (string | null)[]): Promise<void> {
  await Promise.all(paths.map((path) => path === null || rm(path, { force: true })));
}
