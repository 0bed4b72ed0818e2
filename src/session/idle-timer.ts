import type { Clock } from "./clock.js";

/** Fires once when nothing has happened for a while. */
export class IdleTimer {
  readonly #clock: Clock;
  readonly #onIdle: () => void;
  #ms = 0;
  #cancel: (() => void) | null = null;

  constructor(clock: Clock, onIdle: () => void) {
    this.#clock = clock;
    this.#onIdle = onIdle;
  }

  get isArmed(): boolean {
    return this.#cancel !== null;
  }

  /** Starts waiting for `ms` without an event. */
  arm(ms: number): void {
    this.disarm();
    this.#ms = ms;
    this.#cancel = this.#clock.after(ms, () => {
      this.#cancel = null;
      this.#onIdle();
    });
  }

  /** Something happened: the wait starts again, if there is one. */
  touch(): void {
    if (this.isArmed) this.arm(this.#ms);
  }

  disarm(): void {
    this.#cancel?.();
    this.#cancel = null;
  }
}
