import type { Readable } from "node:stream";
import type { Workload } from "./workload.js";

/**
 * Stops reading while the workload is full, for a client that asked for that instead of `overloaded`: a shell's pipe
 * fills up then, and its writer waits. What one read has brought is always taken, so the limits are passed by that much
 * at most.
 */
export class InputGate {
  readonly #input: Pick<Readable, "pause" | "resume">;
  readonly #workload: Pick<Workload, "isFull" | "takesMore">;
  #isClosed = false;

  constructor(input: Pick<Readable, "pause" | "resume">, workload: Pick<Workload, "isFull" | "takesMore">) {
    this.#input = input;
    this.#workload = workload;
  }

  /** To be called when a part of the input was handled, and whenever a request was answered. */
  update(): void {
    const isToClose = this.#workload.takesMore && this.#workload.isFull;
    if (isToClose === this.#isClosed) return;
    this.#isClosed = isToClose;
    if (isToClose) this.#input.pause();
    else this.#input.resume();
  }

  /** Reads from now on, whatever the workload is: the session ends. */
  open(): void {
    this.#workload.takesMore = false;
    this.update();
  }
}
