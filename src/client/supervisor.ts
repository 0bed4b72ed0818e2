import { EXIT } from "../../protocol/error-codes.js";
import { DEFAULT_WORKER_LIMITS } from "../../protocol/limits.js";
import type { ShutdownMessage } from "../../protocol/messages.js";
import { messageOf } from "../errors.js";
import type { Clock } from "../session/clock.js";
import { CircuitOpen, ClientClosed, type RequestError, WorkerLost, WorkerUnusable } from "./client-errors.js";
import { type RestartOptions, RestartPolicy } from "./restart-policy.js";
import type { ClientIdentity } from "./worker-connection.js";
import type { StartWorker, WorkerExit, WorkerHandle } from "./worker-process.js";
import { type EndedRun, type RunLimits, type RunParts, WorkerRun } from "./worker-run.js";

/** Exit codes and codes of `fatal` that another try would only repeat, when they come before the first `ready`. */
const HOPELESS_EXITS: ReadonlySet<number | null> = new Set([EXIT.usage, EXIT.noDevice, EXIT.protocol]);
const HOPELESS_CODES: ReadonlySet<string | undefined> = new Set(["gpu_init_failed", "unsupported_version"]);

/** How long a worker may take to end once it was asked to and has nothing left to do. */
const CLOSE_MS = 10_000;

export interface SupervisorParts {
  readonly start: StartWorker;
  readonly client: ClientIdentity;
  readonly clock: Clock;
  readonly random: () => number;
  readonly limits: RunLimits;
  /** Null: a worker that ends is not replaced. */
  readonly restart: RestartOptions | null;
  readonly events: Omit<RunParts["events"], "onEnded"> & {
    /** The worker is gone; the requests that it had have to be looked after. */
    onEnded(ended: EndedRun): void;
    /** No worker will come, unless `reset` is called: what waits for one fails with this. */
    onGivenUp(reason: RequestError): void;
  };
  hasWork(): boolean;
  /** Whether a worker that ends should be replaced, as far as the caller of the client is concerned. */
  isWanted(): boolean;
}

type State = "running" | "waiting" | "given-up" | "stopped";

/** Keeps one worker running: replaces it when it ends, with growing waits, until that has proved to be of no use. */
export class Supervisor {
  readonly #parts: SupervisorParts;
  readonly #policy: RestartPolicy | null;
  /** Settles with the end of the last worker. */
  readonly stopped: Promise<WorkerExit | null>;
  #run: WorkerRun | null = null;
  #state: State = "waiting";
  #failure: WorkerLost | null = null;
  /** How the present worker was asked to end. */
  #asked: ShutdownMessage["mode"] | null = null;
  #hasBeenReady = false;
  #lastExit: WorkerExit | null = null;
  #cancelRestart: (() => void) | null = null;
  #resolveStopped: (exit: WorkerExit | null) => void = () => undefined;

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    this.#policy = parts.restart === null ? null : new RestartPolicy(parts.restart, parts.random);
    this.stopped = new Promise((resolve) => {
      this.#resolveStopped = resolve;
    });
  }

  /** The present worker, whatever state it is in; null between two workers. */
  get run(): WorkerRun | null {
    return this.#run;
  }

  /** Why there is no worker and none will come; null while there is hope. */
  get failure(): WorkerLost | null {
    return this.#failure;
  }

  start(): void {
    let handle: WorkerHandle;
    try {
      handle = this.#parts.start();
    } catch (cause) {
      this.#giveUp(new WorkerUnusable(`expected a worker to start, but ${messageOf(cause)}`, cause));
      return;
    }
    this.#state = "running";
    this.#asked = null;
    this.#run = this.#follow(handle);
  }

  /** Forgets all failures, and starts a worker if that was given up. */
  reset(): void {
    this.#policy?.reset();
    if (this.#state !== "given-up" || this.#policy === null) return;
    this.#failure = null;
    this.start();
  }

  /** Asks the present worker to end; without one, this is the end. */
  shutdown(request: Omit<ShutdownMessage, "t">): void {
    if (this.#state !== "running") {
      this.#stop();
      return;
    }
    if (this.#asked === request.mode) return;
    this.#asked = request.mode;
    this.#run?.connection.shutdown(request);
    const graceMs = request.grace_ms ?? (request.mode === "now" ? DEFAULT_WORKER_LIMITS.graceMs : null);
    if (graceMs !== null) this.#run?.killAfter(graceMs + CLOSE_MS);
    else if (!this.#parts.hasWork()) this.expectEnd();
  }

  /** Ends a worker by force that was asked to end, has nothing left to do, and stays. */
  expectEnd(): void {
    this.#run?.killAfter(CLOSE_MS);
  }

  #follow(handle: WorkerHandle): WorkerRun {
    const { events, client, clock, limits, hasWork } = this.#parts;
    return new WorkerRun({
      ...{ handle, client, clock, limits, hasWork },
      events: {
        ...events,
        onReady: (ready) => {
          this.#hasBeenReady = true;
          events.onReady(ready);
        },
        onEnded: (ended) => this.#onEnded(ended),
      },
    });
  }

  #onEnded(ended: EndedRun): void {
    this.#run = null;
    this.#state = "waiting";
    this.#lastExit = ended.exit;
    this.#parts.events.onEnded(ended);
    if (!this.#parts.isWanted()) this.#stop();
    else this.#replace(ended);
  }

  #replace(ended: EndedRun): void {
    const { clock } = this.#parts;
    const { reason } = ended.loss;
    if (this.#policy === null) {
      this.#giveUp(new WorkerLost(`expected the worker to stay, but ${reason}`));
      return;
    }
    if (this.#isHopeless(ended)) {
      this.#giveUp(new WorkerUnusable(`expected a worker that starts, but ${reason}; reset() tries again`));
      return;
    }
    const delay = this.#policy.recordCrash(clock.now(), ended.readyForMs);
    if (delay === null) {
      this.#giveUp(
        new CircuitOpen(`workers have ended too often, the last time because ${reason}; reset() tries again`),
      );
      return;
    }
    this.#cancelRestart = clock.after(delay, () => this.start());
  }

  #isHopeless({ exit, loss, wasReady }: EndedRun): boolean {
    if (loss.code === "unsupported_version") return true;
    if (wasReady || this.#hasBeenReady) return false;
    return exit.spawnError !== undefined || HOPELESS_EXITS.has(exit.code) || HOPELESS_CODES.has(loss.code);
  }

  #giveUp(reason: WorkerLost): void {
    this.#state = "given-up";
    this.#failure = reason;
    this.#parts.events.onGivenUp(reason);
  }

  #stop(): void {
    if (this.#state === "stopped") return;
    this.#cancelRestart?.();
    this.#state = "stopped";
    this.#parts.events.onGivenUp(new ClientClosed());
    this.#resolveStopped(this.#lastExit);
  }
}
