import { EventEmitter } from "node:events";
import type { Readable, Writable } from "node:stream";
import type {
  PongMessage,
  ReadyMessage,
  ShutdownMessage,
  StatsMessage,
  WorkerHello,
} from "../../protocol/messages.js";
import { ClientClosed, type RequestError, WorkerLost } from "./client-errors.js";
import {
  type ClientEnvironment,
  type ClientOptions,
  DEFAULT_ENVIRONMENT,
  DEFAULT_IDENTITY,
  DEFAULT_MAX_QUEUED,
  DEFAULT_RUN_LIMITS,
  restartOptionsOf,
  type UpdateOptions,
  type UpscaleOptions,
} from "./client-options.js";
import { type OwnWorkerOptions, ownWorkerCommand } from "./own-worker.js";
import { RequestDesk } from "./request-desk.js";
import { Supervisor } from "./supervisor.js";
import type { UpscaleResult } from "./upscale-result.js";
import type { WorkerConnection } from "./worker-connection.js";
import {
  attachWorker,
  type StartWorker,
  spawnWorkerProcess,
  type WorkerCommand,
  type WorkerExit,
} from "./worker-process.js";
import { type EndedRun, isCrash } from "./worker-run.js";

/** What a worker has said of itself, in the words of the protocol. */
export interface WorkerInfo {
  readonly hello: WorkerHello;
  readonly ready: ReadyMessage;
}

export interface ClientEventMap {
  /** A worker has loaded its model; again for each replacement. */
  ready: [WorkerInfo];
  /** A worker is gone that was not asked to go. */
  lost: [{ readonly reason: string; readonly exit: WorkerExit }];
}

/** The promise of a page, with what can still be done about it. */
export type UpscalePromise = Promise<UpscaleResult> & {
  /**
   * Changes priority or deadline, the latter counted from now; without effect once the promise has settled.
   *
   * @throws {RequestError} invalid_request
   */
  update(options: UpdateOptions): void;
  /** Asks for no answer; the promise rejects with code `cancelled`, or resolves if the page was finished already. */
  cancel(): void;
};

export interface CloseOptions {
  /** `drain` (the default) finishes what was asked for; `now` fails what waits and gives what runs `graceMs`. */
  readonly mode?: ShutdownMessage["mode"];
  /** Milliseconds after which the worker gives up what is left. */
  readonly graceMs?: number;
}

/** A worker of this package, or any command that speaks the protocol. */
export type SpawnOptions = ClientOptions &
  ({ readonly worker?: OwnWorkerOptions } | { readonly command: WorkerCommand });

/**
 * Upscales pages by a worker process that it keeps running: a worker that ends is replaced, and every page gets exactly
 * one answer. Until `close()` the worker keeps this process alive, too; when this process ends in whatever way, the
 * worker does.
 */
export class UpscaleClient extends EventEmitter<ClientEventMap> {
  readonly #desk: RequestDesk;
  readonly #supervisor: Supervisor;
  #closing: Pick<ShutdownMessage, "mode" | "grace_ms"> | null = null;
  #info: WorkerInfo | null = null;
  #awaitingReady: { resolve: (info: WorkerInfo) => void; reject: (reason: RequestError) => void }[] = [];

  /** Starts a worker process, this package's own unless `command` names another. */
  static spawn(options: SpawnOptions = {}): UpscaleClient {
    const command = "command" in options ? options.command : ownWorkerCommand(options.worker ?? {});
    return new UpscaleClient(() => spawnWorkerProcess(command), options);
  }

  /**
   * Speaks to a worker that somebody else has started. It cannot be replaced: when it is lost, everything fails with
   * `WorkerLost`.
   */
  static attach(
    fromWorker: Readable,
    toWorker: Writable,
    options: Omit<ClientOptions, "restart"> = {},
  ): UpscaleClient {
    return new UpscaleClient(() => attachWorker(fromWorker, toWorker), { ...options, restart: false });
  }

  /** @param start called at once and for each replacement; `spawn` and `attach` have the usual ones */
  constructor(
    start: StartWorker,
    options: ClientOptions = {},
    environment: ClientEnvironment = DEFAULT_ENVIRONMENT,
  ) {
    super();
    this.#desk = new RequestDesk({
      clock: environment.clock,
      maxInFlight: options.maxInFlight ?? Number.POSITIVE_INFINITY,
      maxQueued: options.maxQueued ?? DEFAULT_MAX_QUEUED,
      connection: () => this.#connection,
      isBeingReplaced: () =>
        this.#connection?.hasSaidGoaway === true && this.#isWanted && options.restart !== false,
      onChange: () => this.#onChange(),
    });
    this.#supervisor = new Supervisor({
      ...{ start, ...environment },
      client: options.client ?? DEFAULT_IDENTITY,
      limits: { ...DEFAULT_RUN_LIMITS, ...options.limits },
      restart: restartOptionsOf(options),
      hasWork: () => this.#desk.inFlight > 0,
      isWanted: () => this.#isWanted,
      events: {
        onHello: () => this.#desk.dispatch(),
        onReady: (ready) => this.#onReady(ready),
        onAnswer: (answer) => this.#desk.answer(answer),
        onProgress: (progress) => this.#desk.progress(progress),
        onStrip: (strip) => this.#desk.strip(strip),
        onEnded: (ended) => this.#onEnded(ended),
        onGivenUp: (reason) => this.#onGivenUp(reason),
      },
    });
    this.#supervisor.start();
  }

  /** Requests that wait in the client. */
  get queued(): number {
    return this.#desk.waiting;
  }

  /** Requests that the worker has. */
  get inFlight(): number {
    return this.#desk.inFlight;
  }

  /** The present worker once it is ready; null before and between two workers. */
  get worker(): WorkerInfo | null {
    return this.#info;
  }

  /**
   * Waits for a worker that has loaded its model.
   *
   * @throws {WorkerLost} none will come; {ClientClosed}
   */
  ready(): Promise<WorkerInfo> {
    if (this.#info !== null) return Promise.resolve(this.#info);
    const failure = this.#failure;
    if (failure !== null) return Promise.reject(failure);
    return new Promise((resolve, reject) => this.#awaitingReady.push({ resolve, reject }));
  }

  /**
   * Upscales one page. It waits while the worker has no room or is being replaced.
   *
   * @param data a whole image file; must not be changed until the promise has settled
   * @throws {RequestError} through the promise, or the signal's reason
   */
  upscale(data: Uint8Array, options: UpscaleOptions = {}): UpscalePromise {
    const failure = this.#failure;
    if (failure !== null) {
      const rejected: Promise<UpscaleResult> = Promise.reject(failure);
      return Object.assign(rejected, { update: () => undefined, cancel: () => undefined });
    }
    const request = this.#desk.submit(data, options);
    return Object.assign(request.result, {
      update: (change: UpdateOptions) => this.#desk.update(request, change),
      cancel: () => this.#desk.cancel(request),
    });
  }

  /**
   * Asks the worker for a sign of life; a worker that gives none for too long is replaced.
   *
   * @throws {WorkerLost}
   */
  ping(): Promise<PongMessage> {
    return this.#ask((connection) => connection.ping());
  }

  /** @throws {WorkerLost} */
  stats(): Promise<StatsMessage> {
    return this.#ask((connection) => connection.stats());
  }

  /** Closes the circuit, frees quarantined inputs, and starts a worker if that had been given up. */
  reset(): void {
    this.#desk.releaseQuarantine();
    if (this.#closing === null) this.#supervisor.reset();
  }

  /**
   * Takes no further pages and ends the worker. May be called again, also to hurry a drain.
   *
   * @returns how the last worker ended, null if none ever ended by itself; settles when it is gone
   */
  close({ mode = "drain", graceMs }: CloseOptions = {}): Promise<WorkerExit | null> {
    if (this.#closing === null || (this.#closing.mode === "drain" && mode === "now")) {
      this.#closing = { mode, grace_ms: graceMs };
      if (mode === "now") this.#desk.failWaiting(new ClientClosed());
      this.#onChange();
    }
    return this.#supervisor.stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get #connection(): WorkerConnection | null {
    return this.#supervisor.run?.connection ?? null;
  }

  /** Whether there is any use in another worker. */
  get #isWanted(): boolean {
    if (this.#closing === null) return true;
    return this.#closing.mode === "drain" && this.#desk.waiting + this.#desk.inFlight > 0;
  }

  get #failure(): RequestError | null {
    return this.#closing === null ? this.#supervisor.failure : new ClientClosed();
  }

  #ask<Reply>(question: (connection: WorkerConnection) => Promise<Reply>): Promise<Reply> {
    const connection = this.#connection;
    if (connection === null) {
      return Promise.reject(this.#failure ?? new WorkerLost("expected a worker, but it is being replaced"));
    }
    const reply = question(connection);
    this.#supervisor.run?.wake();
    return reply;
  }

  #onReady(ready: ReadyMessage): void {
    const hello = this.#connection?.hello;
    if (!hello) return;
    const info = { hello, ready };
    this.#info = info;
    for (const { resolve } of this.#awaitingReady.splice(0)) resolve(info);
    queueMicrotask(() => this.emit("ready", info));
  }

  #onEnded(ended: EndedRun): void {
    const { loss, exit } = ended;
    this.#info = null;
    if (this.#closing === null || loss.kind !== "bye") {
      queueMicrotask(() => this.emit("lost", { reason: loss.reason, exit }));
    }
    this.#desk.workerGone(isCrash(ended));
  }

  #onGivenUp(reason: RequestError): void {
    for (const { reject } of this.#awaitingReady.splice(0)) reject(reason);
    this.#desk.failWaiting(reason);
  }

  #onChange(): void {
    this.#supervisor.run?.wake();
    if (this.#closing === null || this.#desk.waiting > 0) return;
    if (this.#desk.inFlight === 0) this.#supervisor.expectEnd();
    this.#supervisor.shutdown(this.#closing);
  }
}
