import type { Socket } from "node:net";
import { messageOf } from "../../errors.js";
import type { RawMessage } from "../../wire/codec.js";
import { MessageReader } from "../../wire/message-reader.js";
import type { Line } from "../engine/conversation.js";
import { Inbox } from "../engine/inbox.js";
import { ClientLedger } from "./client-ledger.js";

/** The kit's end of `bridge.cts`. */
const COMMAND = { write: 0, exit: 1, crash: 2, log: 3, closeOutput: 4 } as const;
const PID_BYTES = 4;

/** A worker that a client has started and that the kit plays. */
export class ScriptedWorker implements Line {
  readonly inbox = new Inbox<RawMessage>();
  readonly ledger = new ClientLedger();
  /** Process id of what the client takes for its worker. */
  readonly pid: Promise<number>;
  /** Settles when the client has closed its end, or is gone. */
  readonly inputEnded: Promise<void>;
  readonly #socket: Socket;
  readonly #reader: MessageReader;
  #head = Buffer.alloc(0);
  #isLegal = true;

  /** @param onMessage is told of each message that the client sends */
  constructor(socket: Socket, onMessage: (message: RawMessage) => void) {
    this.#socket = socket;
    this.#reader = new MessageReader((message) => {
      this.ledger.received(message);
      this.inbox.add(message);
      onMessage(message);
    });
    let tellPid: (pid: number) => void = () => undefined;
    this.pid = new Promise((resolve) => {
      tellPid = resolve;
    });
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => this.#onData(chunk, tellPid));
    this.inputEnded = new Promise((resolve) => {
      const end = () => {
        this.inbox.close();
        resolve();
      };
      socket.on("end", () => {
        this.#guard(() => this.#reader.end());
        end();
      });
      socket.on("close", end);
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    this.ledger.wrote(bytes);
    return this.#command(COMMAND.write, bytes);
  }

  /** Ends the worker's process after what was written. */
  exit(code: number): Promise<void> {
    return this.#command(COMMAND.exit, Uint8Array.of(code));
  }

  crash(): Promise<void> {
    return this.#command(COMMAND.crash, new Uint8Array(0));
  }

  log(bytes: number): Promise<void> {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(bytes);
    return this.#command(COMMAND.log, payload);
  }

  closeOutput(): Promise<void> {
    return this.#command(COMMAND.closeOutput, new Uint8Array(0));
  }

  dispose(): void {
    this.#socket.destroy();
  }

  describeEnd(): string {
    return "the end of the worker's input";
  }

  #command(command: number, payload: Uint8Array): Promise<void> {
    const head = Buffer.alloc(5);
    head.writeUInt8(command);
    head.writeUInt32BE(payload.length, 1);
    return new Promise((resolve) => {
      // A connection that is broken shows at its other end, as the end of the input.
      if (!this.#socket.writable) resolve();
      else this.#socket.write(Buffer.concat([head, payload]), () => resolve());
    });
  }

  #onData(chunk: Buffer, tellPid: (pid: number) => void): void {
    let rest = chunk;
    if (this.#head.length < PID_BYTES) {
      const joined = Buffer.concat([this.#head, chunk]);
      this.#head = joined.subarray(0, PID_BYTES);
      rest = joined.subarray(PID_BYTES);
      if (this.#head.length === PID_BYTES) tellPid(this.#head.readUInt32BE());
    }
    this.#guard(() => this.#reader.push(rest));
  }

  #guard(action: () => void): void {
    try {
      if (this.#isLegal) action();
    } catch (thrown) {
      this.#isLegal = false;
      this.ledger.problems.push(`expected frames on the worker's input: ${messageOf(thrown)}`);
    }
  }
}
