import type { Writable } from "node:stream";
import type { WorkerLimits } from "../../protocol/limits.js";
import type { WorkerMessage } from "../../protocol/messages.js";
import { encodeMessage } from "../wire/codec.js";
import { FrameWriter } from "../wire/frame-writer.js";
import type { Clock } from "./clock.js";
import { IdleTimer } from "./idle-timer.js";

export interface OutboxEvents {
  /** Requests that waited for the client to read may start again. */
  onRoom(): void;
  /** The client has stopped reading; the text says what was expected. */
  onStalled(problem: string): void;
  /** The client can no longer be reached; null when the stream was closed without an error. */
  onBroken(error: NodeJS.ErrnoException | null): void;
}

type OutboxLimits = Pick<WorkerLimits, "maxUnsentBytes" | "maxUnsentFrames" | "stallMs" | "flushStallMs">;

/** Messages on their way to the client, and the watch over whether it reads them. */
export class Outbox {
  readonly #writer: FrameWriter;
  readonly #limits: OutboxLimits;
  readonly #events: OutboxEvents;
  readonly #clock: Clock;
  #stall: IdleTimer;
  #sealed = false;

  constructor(output: Writable, clock: Clock, limits: OutboxLimits, events: OutboxEvents) {
    this.#writer = new FrameWriter(output);
    this.#limits = limits;
    this.#events = events;
    this.#clock = clock;
    this.#stall = new IdleTimer(clock, () => this.#onStall());
    this.#writer.onProgress = () => this.#onProgress();
    this.#writer.onBroken = (error) => {
      this.#stall.disarm();
      events.onBroken(error);
    };
  }

  get unsentBytes(): number {
    return this.#writer.unsentBytes;
  }

  /** More waits for the client than it should: nothing that makes further output should start. */
  get isBacklogged(): boolean {
    return this.unsentBytes > this.#limits.maxUnsentBytes;
  }

  /**
   * Sends nothing once the last message was sent.
   *
   * @throws {UnsendableMessage} and nothing of it was sent
   */
  send(message: WorkerMessage): void {
    if (this.#sealed) return;
    this.#writer.write(encodeMessage(message));
    if (this.#writer.unsentFrames > this.#limits.maxUnsentFrames) {
      this.#events.onStalled(
        `expected the client to leave at most ${this.#limits.maxUnsentFrames} frames unread, received more requests`,
      );
    } else if (this.isBacklogged && !this.#stall.isArmed) {
      this.#stall.arm(this.#limits.stallMs);
    }
  }

  /**
   * Sends the last message, if any, and waits for the client to take everything.
   *
   * @returns settles, too, when the client is gone or has taken nothing for `flushStallMs`
   */
  async close(last: WorkerMessage | null): Promise<void> {
    if (last !== null) this.send(last);
    this.#sealed = true;
    this.#stall.disarm();
    const stalled = new Promise<void>((resolve) => {
      this.#stall = new IdleTimer(this.#clock, resolve);
      this.#stall.arm(this.#limits.flushStallMs);
    });
    await Promise.race([this.#writer.flush(), stalled]);
    this.#stall.disarm();
  }

  #onProgress(): void {
    if (this.#sealed || this.isBacklogged) {
      this.#stall.touch();
      return;
    }
    this.#stall.disarm();
    this.#events.onRoom();
  }

  #onStall(): void {
    const unread = `expected the client to read, received no sign of it for ${this.#limits.stallMs} ms`;
    this.#events.onStalled(`${unread} with ${this.unsentBytes} bytes waiting`);
  }
}
