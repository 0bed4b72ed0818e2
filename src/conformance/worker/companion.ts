import { type ChildProcess, spawn } from "node:child_process";
import { trackChild } from "../engine/children.js";

/** A process that does nothing: what a worker is told to watch as its client's process, and that a case may end. */
export class Companion {
  readonly #child: ChildProcess;
  readonly #release: () => void;

  constructor() {
    this.#child = spawn(process.execPath, ["-e", "setInterval(() => undefined, 2 ** 30)"], {
      stdio: "ignore",
      detached: true,
    });
    this.#release = trackChild(this.#child);
  }

  /** @throws {Error} when it could not be started */
  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error("expected a process to be watched by the worker, received none");
    return pid;
  }

  async end(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const gone = new Promise((resolve) => this.#child.once("exit", resolve));
      this.#child.kill("SIGKILL");
      await gone;
    }
    this.#release();
  }
}
