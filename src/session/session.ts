import type { Readable, Writable } from "node:stream";
import { EXIT, type ExitCode, FATAL_ERROR_CODES } from "../../protocol/error-codes.js";
import { DEFAULT_WORKER_LIMITS, type WorkerLimits } from "../../protocol/limits.js";
import type { ClientHello, ShutdownMessage, StatsMessage, WorkerMessage } from "../../protocol/messages.js";
import { FatalError, UpscalerError } from "../errors.js";
import { type Log, SILENT_LOG } from "../log.js";
import type { PageProcessor } from "../stages/job.js";
import { MessageReader } from "../wire/message-reader.js";
import { asFatalError, fatalMessage } from "./answers.js";
import { type Clock, systemClock } from "./clock.js";
import { Dispatcher } from "./dispatcher.js";
import { InputGate } from "./input-gate.js";
import { Outbox } from "./outbox.js";
import { type ParentProbe, ParentWatch } from "./parent-watch.js";
import {
  BACK_PRESSURE,
  helloMessage,
  logStats,
  statsMessage,
  type Usage,
  type WorkerIdentity,
} from "./reports.js";
import type { ReadyInfo } from "./request-options.js";
import { Shutdown } from "./shutdown.js";
import { toU32 } from "./wire-values.js";
import { Workload } from "./workload.js";

/** Signals that the session knows what to do with. */
export type TerminationSignal = "SIGTERM" | "SIGHUP" | "SIGINT";

/** The stages once their model is loaded. */
export interface LoadedStages {
  readonly processor: PageProcessor;
  readonly ready: ReadyInfo;
}

export interface SessionOptions {
  readonly input: Readable;
  readonly output: Writable;
  /** Settles when the model is loaded; its FatalError, or gpu_init_failed, ends the session. */
  readonly stages: Promise<LoadedStages>;
  readonly worker: WorkerIdentity;
  readonly limits?: Partial<WorkerLimits>;
  readonly clock?: Clock;
  /** Absent: only the end of the input says that the client is gone. */
  readonly parent?: ParentProbe;
  readonly readUsage?: () => Usage;
  /** Brings what `readUsage` tells up to date for `stats`; never rejects. Absent: it always is. */
  readonly refreshUsage?: () => Promise<void>;
  readonly log?: Log;
}

/** One conversation with one client, from `hello` to the exit code. Owns its two streams and nothing of the process. */
export class Session {
  readonly #options: SessionOptions;
  readonly #limits: WorkerLimits;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #outbox: Outbox;
  readonly #workload: Workload;
  readonly #inputGate: InputGate;
  readonly #shutdown: Shutdown;
  readonly #dispatcher: Dispatcher;
  readonly #reader: MessageReader;
  readonly #parent: ParentWatch | null;
  readonly #startedAt: number;
  #inputEnded = false;
  #isEnding = false;
  #hasSaidGoaway = false;
  #terminations = 0;
  #resolve: (exitCode: ExitCode) => void = () => undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_WORKER_LIMITS, ...options.limits };
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? SILENT_LOG;
    const [clock, limits, log] = [this.#clock, this.#limits, this.#log];
    this.#startedAt = clock.now();
    this.#outbox = new Outbox(options.output, clock, limits, {
      onRoom: () => this.#workload.startWaiting(),
      onStalled: (problem) => this.#fail(new FatalError("client_stalled", problem)),
      onBroken: (error) => this.#onOutputBroken(error),
    });
    const events = {
      onAnswered: () => this.#inputGate.update(),
      onIdle: () => this.#shutdown.endIfIdle(),
      onDeviceLost: () => this.#onDeviceLost(),
      onFatal: (error: FatalError) => this.#fail(error),
    };
    this.#workload = new Workload({ outbox: this.#outbox, clock, limits, log, events });
    this.#inputGate = new InputGate(options.input, this.#workload);
    this.#shutdown = new Shutdown({
      clock,
      workload: this.#workload,
      onEnd: (exitCode) => this.#end(exitCode, { t: "bye" }),
    });
    this.#dispatcher = new Dispatcher({
      workload: this.#workload,
      onHello: (message) => this.#onHello(message),
      onPing: ({ nonce }) => this.#send({ t: "pong", nonce, ...this.#load() }),
      onStats: ({ nonce }) => this.#onStats(nonce),
      onShutdown: (message) => this.#onShutdown(message),
    });
    this.#reader = new MessageReader((message) => {
      if (!this.#isEnding) this.#dispatcher.dispatch(message);
    }, limits.maxFrame);
    this.#parent =
      options.parent === undefined
        ? null
        : new ParentWatch(options.parent, clock, limits.parentPollMs, log, () => this.#onParentGone());
  }

  /**
   * Says hello, then serves the client until one side ends it. To be called once.
   *
   * @returns the exit code for the process; the output is flushed by then as far as the client took it
   */
  run(): Promise<ExitCode> {
    const ended = new Promise<ExitCode>((resolve) => {
      this.#resolve = resolve;
    });
    this.#guard(() => this.#send(helloMessage(this.#options.worker, this.#limits)));
    const { input, stages } = this.#options;
    input.on("data", (chunk: Uint8Array) => this.#onInput(chunk));
    input.on("end", () => this.#onInputEnd());
    input.on("close", () => this.#onInputEnd());
    input.on("error", (error) => this.#onInputError(error));
    this.#parent?.start();
    stages.then(
      (loaded) => this.#guard(() => this.#onLoaded(loaded)),
      (thrown) => this.#fail(asFatalError(thrown, "gpu_init_failed")),
    );
    return ended;
  }

  /** Passes a signal of the process on; a second one ends the session at once. */
  terminate(signal: TerminationSignal): void {
    // Ctrl-C reaches the whole process group, and the client decides what it means.
    if (signal === "SIGINT" && this.#dispatcher.isGreeted) return;
    this.#log.info("terminating", { signal });
    this.#terminations++;
    if (this.#terminations > 1) {
      this.#endAtOnce(EXIT.ok, `it received ${signal} after another signal`);
      return;
    }
    this.#goAway("terminated");
    this.#shutdown.stop(`it received ${signal}`, this.#limits.graceMs);
  }

  #onInput(chunk: Uint8Array): void {
    // What comes after the end is read and dropped, so that a client blocked in writing gets to read why.
    if (this.#isEnding) return;
    this.#guard(() => {
      this.#reader.push(chunk);
      this.#inputGate.update();
    });
  }

  #onInputEnd(): void {
    if (this.#inputEnded) return;
    this.#inputEnded = true;
    if (this.#isEnding) return;
    this.#guard(() => {
      this.#reader.end();
      if (this.#parent?.isGone() === true) this.#onParentGone();
      // Without a limit: the input may be a file with hours of work, and its reader may still be there.
      else this.#shutdown.drain("its input has ended", null);
    });
  }

  #onInputError(error: Error): void {
    this.#fail(new FatalError("internal_fatal", `expected to read the input, received ${error.message}`));
  }

  #onOutputBroken(error: NodeJS.ErrnoException | null): void {
    const isClosedByPeer = error === null || error.code === "EPIPE" || error.code === "ECONNRESET";
    if (!isClosedByPeer) this.#log.error("writing the output failed", { reason: error.message });
    this.#endAtOnce(isClosedByPeer ? EXIT.ok : EXIT.internal, "its output cannot be written");
  }

  #onParentGone(): void {
    this.#log.warn("the parent process is gone");
    this.#endAtOnce(EXIT.ok, "its parent process is gone");
  }

  #onLoaded({ processor, ready }: LoadedStages): void {
    if (this.#isEnding) return;
    this.#send({ t: "ready", ...ready, load_ms: toU32(this.#clock.now() - this.#startedAt) });
    this.#workload.attach(processor, ready);
  }

  #onDeviceLost(): void {
    if (this.#isEnding) return;
    this.#goAway("gpu_lost");
    this.#shutdown.drain("its device was lost", this.#limits.drainMs, EXIT.replaceMe);
  }

  #onHello({ client, parent_pid, features }: ClientHello): void {
    this.#log.info("client connected", { client: client.name, version: client.version });
    this.#workload.takesMore = features?.includes(BACK_PRESSURE) === true;
    if (parent_pid !== undefined) this.#parent?.watch(parent_pid);
  }

  #onShutdown({ mode, grace_ms }: ShutdownMessage): void {
    const reason = `the client asked for shutdown ${mode}`;
    if (mode === "drain") this.#shutdown.drain(reason, grace_ms ?? null);
    else this.#shutdown.stop(reason, grace_ms ?? this.#limits.graceMs);
  }

  #onStats(nonce: number): void {
    const { refreshUsage } = this.#options;
    const answer = () => {
      if (!this.#isEnding) this.#guard(() => this.#send(this.#statsMessage(nonce)));
    };
    if (refreshUsage === undefined) answer();
    else void refreshUsage().then(answer);
  }

  #load(): { queued: number; running: number } {
    return { queued: this.#workload.queued, running: this.#workload.running };
  }

  #statsMessage(nonce: number): StatsMessage {
    return statsMessage({
      nonce,
      uptimeMs: this.#clock.now() - this.#startedAt,
      workload: this.#workload,
      unsentBytes: this.#outbox.unsentBytes,
      usage: this.#options.readUsage?.() ?? { stages: {}, memory_mb: {} },
    });
  }

  #goAway(reason: string): void {
    if (this.#isEnding || this.#hasSaidGoaway) return;
    this.#hasSaidGoaway = true;
    this.#send({ t: "goaway", reason });
  }

  #send(message: WorkerMessage): void {
    this.#outbox.send(message);
  }

  /** Turns whatever `action` throws into the end of the session. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (thrown) {
      this.#fail(asFatalError(thrown, "internal_fatal"));
    }
  }

  #fail(error: FatalError): void {
    if (this.#isEnding) return;
    this.#log.error("the session cannot go on", { code: error.code, reason: error.message });
    this.#end(FATAL_ERROR_CODES[error.code].exitCode, fatalMessage(error), error.message);
  }

  /** Answers what is left, sends the last message and waits until the client has taken it. */
  #end(exitCode: ExitCode, last: WorkerMessage, reason = ""): void {
    this.#beginEnd(reason);
    void this.#outbox.close(last).then(() => this.#release(exitCode));
  }

  /** Ends without waiting: nobody is there to read, or somebody insists. */
  #endAtOnce(exitCode: ExitCode, reason: string): void {
    if (!this.#isEnding) this.#beginEnd(reason);
    this.#release(exitCode);
  }

  #beginEnd(reason: string): void {
    this.#isEnding = true;
    this.#shutdown.abandon();
    this.#parent?.stop();
    this.#inputGate.open();
    this.#workload.abortAll(
      new UpscalerError("shutting_down", `expected a worker that stays, but it ends: ${reason}`),
    );
    logStats(this.#log, this.#statsMessage(0));
  }

  #release(exitCode: ExitCode): void {
    this.#options.input.destroy();
    this.#resolve(exitCode);
  }
}
