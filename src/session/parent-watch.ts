import type { Log } from "../log.js";
import type { Clock } from "./clock.js";

/** How to look at other processes; passed in, since only the program's entry touches the operating system. */
export interface ParentProbe {
  /** Process id of the present parent; a process whose parent dies gets another one. */
  parentPid(): number;
  isAlive(pid: number): boolean;
}

/**
 * Notices a dead client even when another process keeps the worker's input open. The client may name the process to
 * watch; until then, and where that process cannot be seen (another container), it is the parent that started this one.
 */
export class ParentWatch {
  readonly #probe: ParentProbe;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #log: Log;
  readonly #onGone: () => void;
  readonly #firstParent: number;
  #watchedPid: number | null = null;
  #cancel: (() => void) | null = null;

  constructor(probe: ParentProbe, clock: Clock, intervalMs: number, log: Log, onGone: () => void) {
    this.#probe = probe;
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#log = log;
    this.#onGone = onGone;
    this.#firstParent = probe.parentPid();
  }

  start(): void {
    this.#cancel = this.#clock.after(this.#intervalMs, () => {
      if (this.isGone()) this.#onGone();
      else this.start();
    });
  }

  /** Watches the process that the client named. */
  watch(pid: number): void {
    // Its own parent is better known by the new parent that its death brings than by its process id.
    if (pid === this.#firstParent) return;
    if (this.#probe.isAlive(pid)) this.#watchedPid = pid;
    else this.#log.warn("parent_pid names no process that can be seen from here; not watched", { pid });
  }

  isGone(): boolean {
    return this.#watchedPid === null
      ? this.#probe.parentPid() !== this.#firstParent
      : !this.#probe.isAlive(this.#watchedPid);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }
}
