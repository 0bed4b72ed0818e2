import { makeFolder } from "../files/make-folder.js";
import { removeLeftovers } from "../files/whole-file.js";
import type { Log } from "../log.js";
import { writeFailure } from "./batch-error.js";

/** The folders that are written into: made when they are needed, and rid of what an earlier run was killed over. */
export class OutputFolders {
  readonly #isAlive: (pid: number) => boolean;
  readonly #log: Log;
  readonly #ready = new Map<string, Promise<void>>();

  /** @param isAlive whether a process is running */
  constructor(isAlive: (pid: number) => boolean, log: Log) {
    this.#isAlive = isAlive;
    this.#log = log;
  }

  /**
   * @param isMade whether the folder is made where it is not there
   * @throws {BatchError} output_unwritable, output_full
   */
  ready(folder: string, isMade: boolean): Promise<void> {
    const known = this.#ready.get(folder);
    if (known !== undefined) return known;
    const preparing = this.#prepare(folder, isMade);
    this.#ready.set(folder, preparing);
    return preparing;
  }

  async #prepare(folder: string, isMade: boolean): Promise<void> {
    try {
      if (isMade) await makeFolder(folder);
      const removed = await removeLeftovers(folder, this.#isAlive);
      if (removed > 0)
        this.#log.info("removed what an earlier run left unfinished", { folder, files: removed });
    } catch (cause) {
      throw writeFailure(folder, cause);
    }
  }
}
