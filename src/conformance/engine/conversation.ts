import { setTimeout as delay, setImmediate } from "node:timers/promises";
import type { RawMessage } from "../../wire/codec.js";
import { readByteParts } from "../cases/byte-parts.js";
import type { ConversationStep, SendStep } from "../cases/case-schema.js";
import { fillIn, type Scope } from "../cases/template.js";
import { Expectations } from "./expectations.js";
import type { Inbox } from "./inbox.js";
import { frameOf, packMessage } from "./message-bytes.js";

/** One end of a connection in frames, as the steps of a case see it. */
export interface Line {
  /** What the other side has sent. */
  readonly inbox: Inbox<RawMessage>;
  /** Settles when the bytes have left; rejects with StepFailed when the other side takes none for too long. */
  write(bytes: Uint8Array): Promise<void>;
  /** Why nothing more can come, for messages to people. */
  describeEnd(): string;
}

/** Repeated frames leave together up to this size, so that many arrive in one read. */
const BATCH_BYTES = 1_048_576;

/** Plays those steps of a case that both sides of the protocol have in common. */
export class Conversation {
  readonly expectations: Expectations<RawMessage>;
  readonly #line: Line;
  readonly #scope: Scope;
  readonly #timeoutMs: number;

  /** @param timeoutMs for steps that do not say one */
  constructor(line: Line, scope: Scope, timeoutMs: number) {
    this.#line = line;
    this.#scope = scope;
    this.#timeoutMs = timeoutMs;
    this.expectations = new Expectations(line.inbox, scope, () => line.describeEnd());
  }

  /** @throws {StepFailed | KitError} */
  async play(step: ConversationStep): Promise<void> {
    switch (step.do) {
      case "send":
      case "frame":
      case "write":
        return this.#send(step);
      case "wait":
        return delay(step.ms);
      case "expect": {
        const times = fillIn(step.times ?? 1, this.#scope) as number;
        for (let left = times; left > 0; left--) {
          await this.expectations.take(step.message, step.within_ms ?? this.#timeoutMs);
        }
        return;
      }
      case "expect_none":
        return this.expectations.refuse(step.message, step.for_ms);
      case "expect_in_order":
        return this.expectations.inOrder(step.messages, step.within_ms ?? this.#timeoutMs);
    }
  }

  async #send(step: SendStep): Promise<void> {
    const times = fillIn(step.times ?? 1, this.#scope) as number;
    let batch: Buffer[] = [];
    let size = 0;
    for (let index = 0; index < times; index++) {
      this.#scope.index = index;
      const bytes = bytesOf(step, this.#scope).subarray(0, step.first_bytes);
      batch.push(bytes);
      size += bytes.length;
      if (size < BATCH_BYTES && index < times - 1) continue;
      await this.#write(batch.length === 1 ? bytes : Buffer.concat(batch), step.pieces);
      batch = [];
      size = 0;
    }
    this.#scope.index = 0;
  }

  async #write(bytes: Buffer, pieces: readonly number[] | undefined): Promise<void> {
    if (pieces === undefined) return this.#line.write(bytes);
    let offset = 0;
    for (let index = 0; offset < bytes.length; index++) {
      const size = pieces[index % pieces.length] as number;
      await this.#line.write(bytes.subarray(offset, offset + size));
      // Gives the other side a chance to read the piece by itself.
      await setImmediate();
      offset += size;
    }
  }
}

function bytesOf(step: SendStep, scope: Scope): Buffer {
  if (step.do === "write") return readByteParts(step.bytes);
  return frameOf(step.do === "frame" ? readByteParts(step.body) : packMessage(fillIn(step.message, scope)));
}
