import { PassThrough } from "node:stream";
import type { WorkerMessage } from "../../protocol/messages.js";
import type { ClientOptions } from "../../src/client/client-options.js";
import { UpscaleClient } from "../../src/client/upscale-client.js";
import type { WorkerExit, WorkerHandle } from "../../src/client/worker-process.js";
import { encodeMessage, type RawMessage } from "../../src/wire/codec.js";
import { MessageReader } from "../../src/wire/message-reader.js";
import { FakeClock } from "../session/fake-clock.js";

export const LIMITS = {
  ...{ max_frame: 134_217_728, max_in_flight: 256, max_in_flight_bytes: 1_000_000 },
  ...{ max_input_pixels: 67_108_864, max_output_side: 16_383 },
};

/** Lets everything that can happen without time passing happen. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 6; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** The worker's end of the streams, in the test's hands. */
export class FakeWorker implements WorkerHandle {
  readonly toWorker = new PassThrough();
  readonly fromWorker = new PassThrough();
  readonly parentPid = 4711;
  readonly exited: Promise<WorkerExit>;
  /** What the client has sent. */
  readonly received: RawMessage[] = [];
  isKilled = false;
  /** Set: SIGKILL has no effect either. */
  isImmortal = false;
  #resolve: (exit: WorkerExit) => void = () => undefined;

  constructor() {
    const reader = new MessageReader((message) => this.received.push(message));
    this.toWorker.on("data", (chunk: Uint8Array) => reader.push(chunk));
    this.exited = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  kill(): void {
    this.isKilled = true;
    if (!this.isImmortal) this.exit({ signal: "SIGKILL" });
  }

  exit({ code = null, signal = null, spawnError }: Partial<WorkerExit>): void {
    this.fromWorker.end();
    this.#resolve({ code, signal, ...(spawnError === undefined ? {} : { spawnError }) });
  }

  say(message: WorkerMessage | RawMessage): void {
    this.write(Buffer.concat(encodeMessage(message as WorkerMessage)));
  }

  write(bytes: Uint8Array): void {
    this.fromWorker.write(bytes);
  }

  hello(limits: Partial<typeof LIMITS> = {}): void {
    this.say({
      ...{ t: "hello", proto: [1], name: "fake", version: "0", pid: 1, features: [] },
      limits: { ...LIMITS, ...limits },
    });
  }

  ready(): void {
    const devices = [{ index: -1, name: "fake", backend: "cpu", memory_mb: 1 }];
    this.say({
      ...{ t: "ready", devices, models: [{ name: "m", scales: [2] }], default_model: "m", load_ms: 3 },
    });
  }

  result(id: number): void {
    this.say({
      ...{ t: "result", id, width: 2, height: 4, format: "webp", model: "m", precision: "fp32", tile: 0 },
      ...{ device: "fake", cache_key: `key ${id}`, source: { width: 1, height: 2, format: "png" } },
      timings_us: { queue: 1, decode: 2, upscale: 3, encode: 4, total: 10 },
      ...{ warnings: [], data: Uint8Array.of(9) },
    });
  }

  error(id: number, code: string, retryable = false): void {
    this.say({ t: "error", id, code, message: `about ${code}`, retryable });
  }

  of(type: string): RawMessage[] {
    return this.received.filter(({ t }) => t === type);
  }

  /** First byte of each page that was sent, in order: tests tell pages apart by it. */
  get pages(): number[] {
    return this.of("upscale").map(({ data }) => (data as Uint8Array)[0] ?? -1);
  }
}

/** A client over fake workers in fake time. */
export class ClientHarness {
  readonly clock = new FakeClock();
  readonly workers: FakeWorker[] = [];
  readonly client: UpscaleClient;
  readonly lost: string[] = [];

  constructor(options: ClientOptions = {}, start?: () => WorkerHandle) {
    const startFake = () => {
      const worker = new FakeWorker();
      this.workers.push(worker);
      return worker;
    };
    const environment = { clock: this.clock, random: () => 0.5 };
    this.client = new UpscaleClient(start ?? startFake, options, environment);
    this.client.on("lost", ({ reason }) => this.lost.push(reason));
  }

  /** The present worker. */
  get worker(): FakeWorker {
    const worker = this.workers.at(-1);
    if (worker === undefined) throw new Error("expected a worker, none was started");
    return worker;
  }

  /** A client whose first worker is ready. */
  static async ready(
    options: ClientOptions = {},
    limits: Partial<typeof LIMITS> = {},
  ): Promise<ClientHarness> {
    const harness = new ClientHarness(options);
    await harness.serve(limits);
    return harness;
  }

  async serve(limits: Partial<typeof LIMITS> = {}): Promise<void> {
    this.worker.hello(limits);
    this.worker.ready();
    await settled();
  }

  /** Asks for a page that consists of one byte repeated. */
  page(byte: number, options: Parameters<UpscaleClient["upscale"]>[1] = {}, bytes = 1) {
    const promise = this.client.upscale(new Uint8Array(bytes).fill(byte), options);
    return { promise, outcome: outcomeOf(promise) };
  }

  /** Ends the present worker as by SIGKILL, and lets the next one be ready. */
  async crashAndReplace(): Promise<void> {
    this.worker.exit({ signal: "SIGKILL" });
    await settled();
    this.clock.advance(8_000);
    await this.serve();
  }
}

/** @returns "result", or the code of the error; any other failure as it is */
export async function outcomeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
    return "result";
  } catch (thrown) {
    return thrown instanceof Error && "code" in thrown ? thrown.code : thrown;
  }
}
