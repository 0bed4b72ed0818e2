import { PassThrough } from "node:stream";
import type { ExitCode } from "../../protocol/error-codes.js";
import type { WorkerLimits } from "../../protocol/limits.js";
import type { ClientMessage } from "../../protocol/messages.js";
import { createLog } from "../../src/log.js";
import { type LoadedStages, Session, type SessionOptions } from "../../src/session/session.js";
import { encodeMessage, type RawMessage } from "../../src/wire/codec.js";
import { MessageReader } from "../../src/wire/message-reader.js";
import { parseWorkerMessage } from "../../src/wire/validate.js";
import { FakeClock } from "./fake-clock.js";
import { FakeProcessor } from "./fake-processor.js";

export const READY = {
  devices: [{ index: 0, name: "Fake GPU", backend: "vulkan", memory_mb: 4096 }],
  models: [
    { name: "plain-2x", scales: [2] },
    { name: "other", scales: [1, 4] },
  ],
  default_model: "plain-2x",
};

export interface HarnessOptions {
  readonly limits?: Partial<WorkerLimits>;
  readonly processor?: FakeProcessor;
  readonly session?: Partial<SessionOptions>;
  /** The client takes nothing until `read` is called. */
  readonly unread?: boolean;
  /** The model stays unloaded until `load` is called. */
  readonly unloaded?: boolean;
  /** Nothing is sent for the client. */
  readonly silent?: boolean;
}

/** A session with its client's end of the streams in the test's hands. */
export class Harness {
  readonly clock = new FakeClock();
  readonly input = new PassThrough();
  readonly output = new PassThrough({ highWaterMark: 1024 });
  readonly processor: FakeProcessor;
  readonly session: Session;
  /** Everything that the worker has said, checked against the schemas. */
  readonly messages: RawMessage[] = [];
  readonly logged: string[] = [];
  exitCode: ExitCode | null = null;
  readonly #reader = new MessageReader((message) => {
    if (parseWorkerMessage(message) === null) throw new Error(`unknown message ${String(message.t)}`);
    this.messages.push(message);
  });
  #settle: { resolve(loaded: LoadedStages): void; reject(reason: unknown): void } | null = null;

  constructor({ limits, processor, session, unread, unloaded, silent }: HarnessOptions = {}) {
    this.processor = processor ?? new FakeProcessor();
    const stages = new Promise<LoadedStages>((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.session = new Session({
      input: this.input,
      output: this.output,
      clock: this.clock,
      stages,
      worker: { name: "worker", version: "1.2.3", pid: 42 },
      limits: limits ?? {},
      log: createLog((line) => this.logged.push(line), { least: "debug" }),
      ...session,
    });
    void this.session.run().then((exitCode) => {
      this.exitCode = exitCode;
    });
    if (unread !== true) this.read();
    if (unloaded !== true) this.load();
    if (silent !== true) this.send({ t: "hello", proto: 1, client: { name: "test", version: "0" } });
  }

  /** Starts, or goes on, to take what the worker says. */
  read(): void {
    this.output.on("data", (chunk: Buffer) => this.#reader.push(chunk));
    this.output.resume();
  }

  load(): void {
    this.#settle?.resolve({ processor: this.processor, ready: READY });
  }

  failLoading(reason: unknown): void {
    this.#settle?.reject(reason);
  }

  send(...messages: ClientMessage[]): void {
    this.write(Buffer.concat(messages.flatMap((message) => encodeMessage(message))));
  }

  write(bytes: Uint8Array): void {
    this.input.write(bytes);
  }

  upscale(id: number, more: Record<string, unknown> = {}): void {
    this.send({ t: "upscale", id, data: Buffer.from("image"), ...more });
  }

  /** Lets the streams and promises do what they have to. */
  async turn(): Promise<void> {
    for (let round = 0; round < 8; round++) await new Promise((resolve) => setImmediate(resolve));
  }

  async advance(ms: number): Promise<void> {
    await this.turn();
    this.clock.advance(ms);
    await this.turn();
  }

  ofType(type: string): RawMessage[] {
    return this.messages.filter((message) => message.t === type);
  }

  /** Every last frame that `id` was given: its results and errors. */
  answers(id: number): RawMessage[] {
    return this.messages.filter(
      (message) => message.id === id && (message.t === "result" || message.t === "error"),
    );
  }

  /** @returns "result" or the error's code for each answer of `id` */
  outcomes(id: number): unknown[] {
    return this.answers(id).map((message) => (message.t === "result" ? "result" : message.code));
  }

  get types(): unknown[] {
    return this.messages.map((message) => message.t);
  }

  get startedIds(): unknown[] {
    return this.processor.started.map((job) => (job as unknown as { id: number }).id);
  }
}
