import type { Writable } from "node:stream";
import type { Frame } from "./codec.js";

/**
 * Bytes given to the stream at a time. Small enough that a slow reader is seen to make progress within one image, large
 * enough that the cost of a write does not matter.
 */
const BATCH_BYTES = 262_144;

interface Piece {
  readonly bytes: Uint8Array;
  readonly endsFrame: boolean;
  next: Piece | null;
}

/**
 * The one owner of an output stream: frames leave whole and in order. Bytes count as unsent until the stream has handed
 * them to the operating system. Failures of the stream are reported once, to `onBroken`, and never thrown.
 */
export class FrameWriter {
  /** Called whenever the stream has taken bytes. */
  onProgress: (() => void) | null = null;
  /** Called once when the stream can take no more; null when it was closed without an error. */
  onBroken: ((error: NodeJS.ErrnoException | null) => void) | null = null;

  readonly #output: Writable;
  #head: Piece | null = null;
  #tail: Piece | null = null;
  /** Bytes of the head piece that the stream was given already. */
  #headOffset = 0;
  #unsentBytes = 0;
  #unsentFrames = 0;
  #writing = false;
  #broken = false;
  #waiting: ((complete: boolean) => void)[] = [];

  constructor(output: Writable) {
    this.#output = output;
    // The listeners stay for good: an error without a listener would end the process.
    output.on("error", (error) => this.#break(error));
    output.on("close", () => this.#break(null));
  }

  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  get unsentFrames(): number {
    return this.#unsentFrames;
  }

  /** Queues a frame; its pieces must not change until it is sent. Does nothing once the stream is broken. */
  write(frame: Frame): void {
    if (this.#broken) return;
    frame.forEach((bytes, index) => {
      this.#append({ bytes, endsFrame: index === frame.length - 1, next: null });
      this.#unsentBytes += bytes.byteLength;
    });
    this.#unsentFrames++;
    this.#pump();
  }

  /** Settles when everything queued so far and since is sent (true) or the stream is broken (false). */
  flush(): Promise<boolean> {
    if (this.#broken) return Promise.resolve(false);
    if (this.#unsentFrames === 0) return Promise.resolve(true);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #append(piece: Piece): void {
    if (this.#tail === null) this.#head = piece;
    else this.#tail.next = piece;
    this.#tail = piece;
  }

  /** Gives the stream the next batch in one vectored write, and goes on when that has been taken. */
  #pump(): void {
    if (this.#writing || this.#head === null) return;
    this.#writing = true;
    const { pieces, bytes, frames } = this.#takeBatch();
    const last = pieces.length - 1;
    this.#output.cork();
    pieces.forEach((piece, index) => {
      if (index < last) this.#output.write(piece);
      else this.#output.write(piece, (error) => this.#written(error ?? null, bytes, frames));
    });
    this.#output.uncork();
  }

  #takeBatch(): { pieces: Uint8Array[]; bytes: number; frames: number } {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    let frames = 0;
    while (this.#head !== null && bytes < BATCH_BYTES) {
      const head: Piece = this.#head;
      const end = Math.min(head.bytes.byteLength, this.#headOffset + BATCH_BYTES - bytes);
      pieces.push(head.bytes.subarray(this.#headOffset, end));
      bytes += end - this.#headOffset;
      this.#headOffset = end;
      if (end < head.bytes.byteLength) break;
      if (head.endsFrame) frames++;
      this.#headOffset = 0;
      this.#head = head.next;
      if (this.#head === null) this.#tail = null;
    }
    return { pieces, bytes, frames };
  }

  #written(error: Error | null, bytes: number, frames: number): void {
    if (error !== null) this.#break(error);
    if (this.#broken) return;
    this.#writing = false;
    this.#unsentBytes -= bytes;
    this.#unsentFrames -= frames;
    this.#pump();
    if (this.#unsentFrames === 0) this.#settleWaiting(true);
    this.onProgress?.();
  }

  #break(error: NodeJS.ErrnoException | null): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#head = null;
    this.#tail = null;
    this.#unsentBytes = 0;
    this.#unsentFrames = 0;
    this.#settleWaiting(false);
    this.onBroken?.(error);
  }

  #settleWaiting(complete: boolean): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const settle of waiting) settle(complete);
  }
}
