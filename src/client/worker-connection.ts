import { MAX_REQUEST_ID, PROTOCOL_VERSION, U32_MAX } from "../../protocol/limits.js";
import type {
  ClientMessage,
  ErrorMessage,
  PongMessage,
  ProgressMessage,
  ReadyMessage,
  ResultMessage,
  ShutdownMessage,
  StatsMessage,
  StripMessage,
  UpdateMessage,
  UpscaleMessage,
  WorkerHello,
  WorkerMessage,
} from "../../protocol/messages.js";
import { messageOf } from "../errors.js";
import { encodeMessage } from "../wire/codec.js";
import { FrameWriter } from "../wire/frame-writer.js";
import { MessageReader } from "../wire/message-reader.js";
import { parseWorkerMessage } from "../wire/validate.js";
import { WorkerLost } from "./client-errors.js";
import type { WorkerHandle } from "./worker-process.js";

/** Why a connection is over. */
export interface ConnectionLoss {
  /** `silent`: the stream ended without `bye` or `fatal`; `broken`: the worker broke the protocol or was given up. */
  readonly kind: "bye" | "fatal" | "silent" | "broken";
  readonly reason: string;
  /** The code of `fatal`, or the client's own `unsupported_version`. */
  readonly code?: string;
}

export interface ConnectionEvents {
  onHello(hello: WorkerHello): void;
  onReady(ready: ReadyMessage): void;
  onAnswer(answer: ResultMessage | ErrorMessage): void;
  onProgress(progress: ProgressMessage): void;
  onStrip(strip: StripMessage): void;
  /** Bytes have come: the worker lives. */
  onSign(): void;
  /** Called once, after which nothing else is. */
  onLost(loss: ConnectionLoss): void;
}

interface Reply {
  readonly resolve: (message: PongMessage | StatsMessage) => void;
  readonly reject: (reason: Error) => void;
}

export interface ClientIdentity {
  readonly name: string;
  readonly version: string;
}

/** The client's end of one worker's two streams: speaks the protocol, and decides nothing about requests. */
export class WorkerConnection {
  readonly #events: ConnectionEvents;
  readonly #writer: FrameWriter;
  readonly #replies = new Map<number, Reply>();
  #hello: WorkerHello | null = null;
  #isAskedToEnd = false;
  #hasSaidGoaway = false;
  #lost: WorkerLost | null = null;
  #lastId = 0;
  #lastNonce = 0;

  /** Says hello. `events` are called from here on, but not before this returns. */
  constructor(handle: WorkerHandle, client: ClientIdentity, events: ConnectionEvents) {
    this.#events = events;
    // That it breaks is no loss yet: what the worker has said before it went is still to be read.
    this.#writer = new FrameWriter(handle.toWorker);
    const { fromWorker, parentPid } = handle;
    const reader = new MessageReader((raw) => {
      const message = this.#lost === null ? parseWorkerMessage(raw) : null;
      if (message !== null) this.#receive(message);
    });
    // Read on after the loss, too: a worker that is blocked in writing could not end.
    fromWorker.on("data", (chunk: Uint8Array) => this.#guard(() => reader.push(chunk)));
    fromWorker.on("end", () => {
      this.#guard(() => reader.end());
      this.lose({ kind: "silent", reason: "the worker has closed its output" });
    });
    fromWorker.on("close", () => this.lose({ kind: "silent", reason: "the worker's output was closed" }));
    fromWorker.on("error", (error) => this.lose({ kind: "silent", reason: messageOf(error) }));
    this.#send({
      t: "hello",
      proto: PROTOCOL_VERSION,
      client: { name: client.name, version: client.version },
      ...(parentPid === null ? {} : { parent_pid: parentPid }),
    });
  }

  /** What the worker has said of itself; null until it has. */
  get hello(): WorkerHello | null {
    return this.#hello;
  }

  /** Whether requests may be sent: the worker has introduced itself and has no end in sight. */
  get isOpen(): boolean {
    const isLeaving = this.#hasSaidGoaway || this.#isAskedToEnd;
    return this.#hello !== null && !isLeaving && this.#lost === null;
  }

  /** Whether the worker has announced its end: what it has is answered, what comes is refused. */
  get hasSaidGoaway(): boolean {
    return this.#hasSaidGoaway;
  }

  /** Whether `ping` or `stats` waits for its reply. */
  get awaitsReply(): boolean {
    return this.#replies.size > 0;
  }

  /**
   * Sends a request.
   *
   * @param isLive whether an id still waits for its answer
   * @returns the id that the answer will carry
   * @throws {UnsendableMessage} and nothing of it was sent
   */
  upscale(request: Omit<UpscaleMessage, "t" | "id">, isLive: (id: number) => boolean): number {
    do this.#lastId = (this.#lastId % MAX_REQUEST_ID) + 1;
    while (isLive(this.#lastId));
    this.#send({ t: "upscale", id: this.#lastId, ...request });
    return this.#lastId;
  }

  update(change: Omit<UpdateMessage, "t">): void {
    this.#send({ t: "update", ...change });
  }

  cancel(id: number): void {
    this.#send({ t: "cancel", id });
  }

  /** Sends nothing new from now on; what was sent is answered according to `mode`. */
  shutdown(request: Omit<ShutdownMessage, "t">): void {
    this.#isAskedToEnd = true;
    this.#send({ t: "shutdown", ...request });
  }

  /** @throws {WorkerLost} */
  ping(): Promise<PongMessage> {
    return this.#ask("ping") as Promise<PongMessage>;
  }

  /** @throws {WorkerLost} */
  stats(): Promise<StatsMessage> {
    return this.#ask("stats") as Promise<StatsMessage>;
  }

  /** Gives the connection up; only the first loss counts. */
  lose(loss: ConnectionLoss): void {
    if (this.#lost !== null) return;
    this.#lost = new WorkerLost(loss.reason);
    for (const { reject } of this.#replies.values()) reject(this.#lost);
    this.#replies.clear();
    this.#events.onLost(loss);
  }

  #ask(type: "ping" | "stats"): Promise<PongMessage | StatsMessage> {
    if (this.#lost !== null) return Promise.reject(this.#lost);
    this.#lastNonce = this.#lastNonce === U32_MAX ? 0 : this.#lastNonce + 1;
    const nonce = this.#lastNonce;
    const reply = new Promise<PongMessage | StatsMessage>((resolve, reject) => {
      this.#replies.set(nonce, { resolve, reject });
    });
    this.#send({ t: type, nonce });
    return reply;
  }

  #send(message: ClientMessage): void {
    if (this.#lost === null) this.#writer.write(encodeMessage(message));
  }

  #receive(message: WorkerMessage): void {
    this.#events.onSign();
    if (this.#hello === null && message.t !== "fatal") {
      this.#greet(message);
      return;
    }
    const { t: type } = message;
    if (type === "ready") this.#events.onReady(message);
    else if (type === "result" || type === "error") this.#events.onAnswer(message);
    else if (type === "progress") this.#events.onProgress(message);
    else if (type === "strip") this.#events.onStrip(message);
    else if (type === "pong" || type === "stats") this.#settleReply(message);
    else if (type === "goaway") this.#hasSaidGoaway = true;
    else if (type === "bye") this.lose({ kind: "bye", reason: "the worker has said bye" });
    else if (type === "hello") throw new Error("expected hello once, received it again");
    else {
      const reason = `the worker has said fatal ${message.code}: ${message.message}`;
      this.lose({ kind: "fatal", reason, code: message.code });
    }
  }

  #greet(message: WorkerMessage): void {
    if (message.t !== "hello") throw new Error(`expected hello first, received ${message.t}`);
    if (!message.proto.includes(PROTOCOL_VERSION)) {
      const reason = `expected a worker that speaks version ${PROTOCOL_VERSION}, received one that speaks ${message.proto.join(", ")}`;
      this.lose({ kind: "broken", reason, code: "unsupported_version" });
      return;
    }
    this.#hello = message;
    this.#events.onHello(message);
  }

  #settleReply(message: PongMessage | StatsMessage): void {
    this.#replies.get(message.nonce)?.resolve(message);
    this.#replies.delete(message.nonce);
  }

  /** Turns whatever breaks the protocol into the loss of the connection. */
  #guard(action: () => void): void {
    if (this.#lost !== null) return;
    try {
      action();
    } catch (thrown) {
      this.lose({ kind: "broken", reason: messageOf(thrown) });
    }
  }
}
