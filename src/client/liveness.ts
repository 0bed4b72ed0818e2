import type { Clock } from "../session/clock.js";

export interface LivenessLimits {
  /** Time between two looks at a worker that has something to do. */
  readonly pingIntervalMs: number;
  /** How long it may give no sign of life after a ping. */
  readonly pongLimitMs: number;
}

export const DEFAULT_LIVENESS_LIMITS: LivenessLimits = { pingIntervalMs: 2_000, pongLimitMs: 10_000 };

/** A timer this late says that this process was blocked, and could not have heard a worker that answered. */
const LATE_MS = 1_000;

export interface LivenessParts {
  readonly clock: Clock;
  readonly limits: LivenessLimits;
  /** Whether the worker has anything to answer; one that has not is left in peace. */
  isBusy(): boolean;
  ping(): void;
  /** Called once. */
  onHung(): void;
}

/** Pings a busy worker, and notices when it gives no sign of life any more. */
export class Liveness {
  readonly #parts: LivenessParts;
  #cancel: (() => void) | null = null;
  #awaitsSign = false;

  constructor(parts: LivenessParts) {
    this.#parts = parts;
  }

  /** To be called when the worker may have become busy. */
  wake(): void {
    if (this.#cancel === null && this.#parts.isBusy()) this.#wait();
  }

  /** The worker has said something. */
  heard(): void {
    if (!this.#awaitsSign) return;
    this.stop();
    this.wake();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#awaitsSign = false;
  }

  #wait(): void {
    const { clock, limits } = this.#parts;
    this.#cancel = clock.after(limits.pingIntervalMs, () => {
      this.#cancel = null;
      if (!this.#parts.isBusy()) return;
      this.#awaitsSign = true;
      this.#awaitSign();
      this.#parts.ping();
    });
  }

  #awaitSign(): void {
    const { clock, limits } = this.#parts;
    const due = clock.now() + limits.pongLimitMs;
    this.#cancel = clock.after(limits.pongLimitMs, () => {
      if (clock.now() - due > LATE_MS) {
        this.#awaitSign();
        return;
      }
      this.stop();
      this.#parts.onHung();
    });
  }
}
