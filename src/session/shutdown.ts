import { EXIT, type ExitCode } from "../../protocol/error-codes.js";
import { UpscalerError } from "../errors.js";
import type { Clock } from "./clock.js";
import type { Workload } from "./workload.js";

type Phase = "open" | "draining" | "stopping" | "ended";

export interface ShutdownParts {
  readonly clock: Clock;
  readonly workload: Pick<Workload, "isIdle" | "refuseNew" | "abortWaiting" | "abortAll">;
  /** Called once, when nothing is left to wait for. */
  onEnd(exitCode: ExitCode): void;
}

/** The way to an orderly end. Phases only go forward and deadlines only come nearer, whoever asks in whatever order. */
export class Shutdown {
  readonly #parts: ShutdownParts;
  #phase: Phase = "open";
  #exitCode: ExitCode = EXIT.ok;
  #reason = "";
  #deadline = Number.POSITIVE_INFINITY;
  #cancelDeadline: (() => void) | null = null;

  constructor(parts: ShutdownParts) {
    this.#parts = parts;
  }

  /**
   * Takes no new work and ends once everything accepted is answered.
   *
   * @param reason completes "the worker ends: ..."
   * @param limitMs what is unanswered after that long gets `shutting_down`; null: no limit
   */
  drain(reason: string, limitMs: number | null, exitCode: ExitCode = EXIT.ok): void {
    if (this.#phase === "open") this.#enter("draining", reason);
    if (exitCode !== EXIT.ok) this.#exitCode = exitCode;
    if (limitMs !== null) this.#setDeadline(limitMs);
    this.endIfIdle();
  }

  /** Takes no new work, starts none that waits, and gives what runs `graceMs` milliseconds. */
  stop(reason: string, graceMs: number): void {
    if (this.#phase === "open" || this.#phase === "draining") this.#enter("stopping", reason);
    this.#setDeadline(graceMs);
    this.#parts.workload.abortWaiting(this.#refusal());
    this.endIfIdle();
  }

  /** To be called whenever the last live request was answered. */
  endIfIdle(): void {
    if (this.#phase === "open" || this.#phase === "ended" || !this.#parts.workload.isIdle) return;
    this.abandon();
    this.#parts.onEnd(this.#exitCode);
  }

  /** The session ends in another way: nothing here happens any more. */
  abandon(): void {
    this.#phase = "ended";
    this.#cancelDeadline?.();
    this.#cancelDeadline = null;
  }

  #enter(phase: Phase, reason: string): void {
    this.#phase = phase;
    this.#reason = reason;
    this.#parts.workload.refuseNew(this.#refusal());
  }

  #setDeadline(ms: number): void {
    const { clock, workload } = this.#parts;
    const deadline = clock.now() + ms;
    if (this.#phase === "ended" || deadline >= this.#deadline) return;
    this.#deadline = deadline;
    this.#cancelDeadline?.();
    this.#cancelDeadline = clock.after(ms, () => workload.abortAll(this.#refusal()));
  }

  #refusal(): UpscalerError {
    return new UpscalerError("shutting_down", `expected a worker that stays, but it ends: ${this.#reason}`);
  }
}
