import type { ReadyMessage } from "../../protocol/messages.js";
import type { Clock } from "../session/clock.js";
import { Liveness, type LivenessLimits } from "./liveness.js";
import {
  type ClientIdentity,
  type ConnectionEvents,
  type ConnectionLoss,
  WorkerConnection,
} from "./worker-connection.js";
import type { WorkerExit, WorkerHandle } from "./worker-process.js";

/** How long a worker that has said its last word, or was killed, may take to end. */
const EXIT_MS = 2_000;
/** How long output may still arrive after the process has ended; another process may hold the pipe for ever. */
const LAST_OUTPUT_MS = 1_000;

export interface RunLimits extends LivenessLimits {
  /** How long a worker may take from its start to `hello`. */
  readonly helloLimitMs: number;
}

/** What one worker has been, once it is gone. */
export interface EndedRun {
  readonly loss: ConnectionLoss;
  readonly exit: WorkerExit;
  /** Milliseconds for which it was ready, 0 if it never was. */
  readonly readyForMs: number;
  readonly wasReady: boolean;
}

export interface RunParts {
  readonly handle: WorkerHandle;
  readonly client: ClientIdentity;
  readonly clock: Clock;
  readonly limits: RunLimits;
  readonly events: Omit<ConnectionEvents, "onSign" | "onLost"> & {
    /** Called once, last of all: connection and process are gone. */
    onEnded(ended: EndedRun): void;
  };
  /** Whether requests wait for their answers. */
  hasWork(): boolean;
}

/** One worker from its start to its end: its connection, the watch over it, and that its process really ends. */
export class WorkerRun {
  readonly connection: WorkerConnection;
  readonly #parts: RunParts;
  readonly #liveness: Liveness;
  #readyAt: number | null = null;
  #loss: ConnectionLoss | null = null;
  #exit: WorkerExit | null = null;
  #cancelTimer: (() => void) | null = null;

  constructor(parts: RunParts) {
    this.#parts = parts;
    const { clock, limits, events, handle } = parts;
    this.#liveness = new Liveness({
      clock,
      limits,
      isBusy: () => this.#isBusy(),
      ping: () => void this.connection.ping().catch(() => undefined),
      onHung: () => this.#giveUp(`the worker gave no sign of life for ${limits.pongLimitMs} ms after a ping`),
    });
    this.connection = new WorkerConnection(handle, parts.client, {
      ...events,
      onHello: (hello) => {
        this.#clearTimer();
        events.onHello(hello);
        this.wake();
      },
      onReady: (ready) => this.#onReady(ready),
      onSign: () => this.#liveness.heard(),
      onLost: (loss) => this.#onLost(loss),
    });
    this.#setTimer(limits.helloLimitMs, () =>
      this.#giveUp(`the worker has not said hello within ${limits.helloLimitMs} ms`),
    );
    void handle.exited.then((exit) => this.#onExit(exit));
  }

  /** To be called when work was given to the worker or asked of it. */
  wake(): void {
    this.#liveness.wake();
  }

  /** Ends a worker that takes longer than `ms` to end by itself. */
  killAfter(ms: number): void {
    this.#setTimer(ms, () => this.#giveUp(`the worker has not ended within ${ms} ms`));
  }

  #isBusy(): boolean {
    const { hello, awaitsReply } = this.connection;
    return hello !== null && (this.#readyAt === null || awaitsReply || this.#parts.hasWork());
  }

  #onReady(ready: ReadyMessage): void {
    this.#readyAt = this.#parts.clock.now();
    this.#parts.events.onReady(ready);
  }

  #giveUp(reason: string): void {
    // A second time only the process is left to be killed.
    if (this.#loss === null) this.connection.lose({ kind: "broken", reason });
    else this.#kill();
  }

  #onLost(loss: ConnectionLoss): void {
    this.#loss = loss;
    this.#liveness.stop();
    this.#parts.handle.toWorker.end();
    if (this.#exit !== null) this.#finish(this.#exit, loss);
    // What breaks the protocol cannot be asked to end.
    else if (loss.kind === "broken") this.#kill();
    else this.#setTimer(EXIT_MS, () => this.#kill());
  }

  #kill(): void {
    this.#parts.handle.kill();
    // A process inside a hung driver survives even SIGKILL; its client must not wait for it.
    this.#setTimer(EXIT_MS, () => this.#onExit({ code: null, signal: null }));
  }

  #onExit(exit: WorkerExit): void {
    if (this.#exit !== null) return;
    this.#exit = exit;
    if (this.#loss !== null) {
      this.#finish(exit, this.#loss);
      return;
    }
    const { fromWorker } = this.#parts.handle;
    const conclude = () => this.connection.lose({ kind: "silent", reason: describeExit(exit) });
    if (fromWorker.readableEnded || fromWorker.destroyed) conclude();
    else this.#setTimer(LAST_OUTPUT_MS, conclude);
  }

  #finish(exit: WorkerExit, loss: ConnectionLoss): void {
    this.#clearTimer();
    const { clock, events } = this.#parts;
    const wasReady = this.#readyAt !== null;
    const readyForMs = this.#readyAt === null ? 0 : clock.now() - this.#readyAt;
    const reason = loss.kind === "silent" ? describeExit(exit) : loss.reason;
    events.onEnded({ loss: { ...loss, reason }, exit, readyForMs, wasReady });
  }

  #setTimer(ms: number, action: () => void): void {
    this.#clearTimer();
    this.#cancelTimer = this.#parts.clock.after(ms, action);
  }

  #clearTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }
}

/** @returns whether an input that the worker had may be the reason for its end */
export function isCrash({ loss, wasReady }: EndedRun): boolean {
  const isOrderly = loss.kind === "bye" || (loss.kind === "fatal" && loss.code !== "internal_fatal");
  return wasReady && !isOrderly;
}

/** @returns how a process ended, in words */
export function describeExit({ code, signal, spawnError }: WorkerExit): string {
  if (spawnError !== undefined) return `the worker could not be started: ${spawnError.message}`;
  if (signal !== null) return `the worker was ended by ${signal}`;
  return code === null ? "the worker has closed its output" : `the worker has ended with exit code ${code}`;
}
