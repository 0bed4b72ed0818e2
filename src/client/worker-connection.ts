import type { Readable, Writable } from "node:stream";
import { PROTOCOL_VERSION } from "../../protocol/limits.js";
import type {
  ClientMessage,
  ErrorMessage,
  ReadyMessage,
  ResultMessage,
  UpscaleMessage,
  WorkerMessage,
} from "../../protocol/messages.js";
import { messageOf } from "../errors.js";
import { encodeMessage } from "../wire/codec.js";
import { FrameWriter } from "../wire/frame-writer.js";
import { MessageReader } from "../wire/message-reader.js";
import { parseWorkerMessage } from "../wire/validate.js";

/** A request that the worker has answered with `error`. */
export class RequestFailed extends Error {
  override readonly name = "RequestFailed";
  readonly code: string;
  readonly retryable: boolean;

  constructor({ code, message, retryable }: ErrorMessage) {
    super(message);
    this.code = code;
    this.retryable = retryable;
  }
}

/** The worker is gone, has said `fatal`, or has broken the protocol: nothing more will be answered. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
}

interface PendingRequest {
  readonly resolve: (result: ResultMessage) => void;
  readonly reject: (reason: Error) => void;
}

export type UpscaleRequest = Omit<UpscaleMessage, "t" | "id">;

/**
 * The client's end of one worker's two pipes: says hello, matches answers to requests, and fails everything pending
 * when the connection is lost.
 */
export class WorkerConnection {
  /** Settles with the worker's `ready`. */
  readonly ready: Promise<ReadyMessage>;
  /** Receives every message of the worker after it was handled here. */
  onMessage: ((message: WorkerMessage) => void) | null = null;

  readonly #writer: FrameWriter;
  readonly #pending = new Map<number, PendingRequest>();
  #lastId = 0;
  #lost: ConnectionLost | null = null;
  #settleReady: { resolve: (ready: ReadyMessage) => void; reject: (reason: Error) => void };

  constructor(fromWorker: Readable, toWorker: Writable, client: { name: string; version: string }) {
    this.#writer = new FrameWriter(toWorker);
    this.#writer.onBroken = () => this.#lose("the worker takes no more input");
    this.#settleReady = { resolve: () => undefined, reject: () => undefined };
    this.ready = new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject };
    });
    // Whoever does not ask for `ready` learns of the loss from the requests.
    this.ready.catch(() => undefined);
    const reader = new MessageReader((raw) => {
      const message = parseWorkerMessage(raw);
      if (message !== null) this.#receive(message);
    });
    fromWorker.on("data", (chunk: Uint8Array) => this.#guard(() => reader.push(chunk)));
    fromWorker.on("end", () => {
      this.#guard(() => reader.end());
      this.#lose("the worker has closed its output");
    });
    fromWorker.on("error", (error) => this.#lose(error.message));
    this.send({ t: "hello", proto: PROTOCOL_VERSION, client, parent_pid: process.pid });
  }

  send(message: ClientMessage): void {
    this.#writer.write(encodeMessage(message));
  }

  /**
   * Sends one page.
   *
   * @returns the id, for `cancel` and `update`, and the answer
   * @throws {RequestFailed} through `result`: the worker's `error`
   * @throws {ConnectionLost} through `result`
   */
  upscale(request: UpscaleRequest): { id: number; result: Promise<ResultMessage> } {
    const id = ++this.#lastId;
    const result = new Promise<ResultMessage>((resolve, reject) => {
      if (this.#lost) reject(this.#lost);
      else this.#pending.set(id, { resolve, reject });
    });
    this.send({ t: "upscale", id, ...request });
    return { id, result };
  }

  #receive(message: WorkerMessage): void {
    if (message.t === "ready") this.#settleReady.resolve(message);
    else if (message.t === "fatal") this.#lose(`${message.code}: ${message.message}`);
    else if (message.t === "result") this.#take(message.id)?.resolve(message);
    else if (message.t === "error") this.#take(message.id)?.reject(new RequestFailed(message));
    this.onMessage?.(message);
  }

  #take(id: number): PendingRequest | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (thrown) {
      this.#lose(messageOf(thrown));
    }
  }

  #lose(reason: string): void {
    this.#lost ??= new ConnectionLost(reason);
    this.#settleReady.reject(this.#lost);
    for (const { reject } of this.#pending.values()) reject(this.#lost);
    this.#pending.clear();
  }
}
