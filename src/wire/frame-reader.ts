import { MAX_FRAME_BYTES } from "../../protocol/limits.js";
import { FatalError } from "../errors.js";

/** Bytes of the big-endian length that precedes every frame body. */
export const FRAME_HEADER_BYTES = 4;

/** A body larger than this starts with a buffer of this size. */
const FIRST_CAPACITY = 65_536;

/**
 * How many times as large the buffer becomes when it is full: a page's body is copied once on its way at most. Twice as
 * large each time, the buffers of a page would be as large again as the page, and be cleared away as often.
 */
const GROWTH = 16;
const PREVIEW_BYTES = 24;

/**
 * Cuts a byte stream into frame bodies. A length is judged before anything is allocated for it, and as soon as its first
 * bytes rule every legal length out; memory grows with the bytes that have arrived, never with the length claimed.
 */
export class FrameReader {
  readonly #maxFrame: number;
  readonly #onBody: (body: Uint8Array) => void;
  readonly #header = new Uint8Array(FRAME_HEADER_BYTES);
  #headerFilled = 0;
  /** The frame being read, while `#bodyLength` is not 0; its size is a capacity. */
  #body = new Uint8Array(0);
  #bodyFilled = 0;
  #bodyLength = 0;

  /**
   * @param onBody receives each complete body; the memory belongs to the receiver
   * @param maxFrame largest legal length of a body, in bytes
   */
  constructor(onBody: (body: Uint8Array) => void, maxFrame: number = MAX_FRAME_BYTES) {
    this.#onBody = onBody;
    this.#maxFrame = maxFrame;
  }

  /**
   * @param chunk the next bytes of the stream; copied, so the caller may reuse them
   * @throws {FatalError} frame_empty, frame_too_large; the reader is of no use afterwards
   */
  push(chunk: Uint8Array): void {
    let offset = 0;
    while (offset < chunk.length) {
      offset = this.#bodyLength === 0 ? this.#readHeader(chunk, offset) : this.#readBody(chunk, offset);
    }
  }

  /**
   * Says that the stream has ended.
   *
   * @throws {FatalError} frame_truncated when that was inside a frame
   */
  end(): void {
    if (this.#headerFilled === 0) return;
    const inBody = this.#bodyLength > 0;
    const missing = inBody ? this.#bodyLength - this.#bodyFilled : FRAME_HEADER_BYTES - this.#headerFilled;
    const part = inBody ? `a frame body of ${this.#bodyLength} bytes` : "a frame length";
    throw new FatalError(
      "frame_truncated",
      `expected ${missing} more bytes of ${part}, received the end of the stream`,
    );
  }

  #readHeader(chunk: Uint8Array, start: number): number {
    let offset = start;
    while (offset < chunk.length && this.#headerFilled < FRAME_HEADER_BYTES) {
      this.#header[this.#headerFilled++] = chunk[offset++] as number;
    }
    // Bytes that are still missing count as zero, so this is the least that the length can become.
    const least = new DataView(this.#header.buffer).getUint32(0);
    if (least > this.#maxFrame) throw this.#tooLarge(chunk.subarray(offset));
    if (this.#headerFilled < FRAME_HEADER_BYTES) return offset;
    if (least === 0) {
      throw new FatalError(
        "frame_empty",
        `expected a frame length from 1 to ${this.#maxFrame} bytes, received 0`,
      );
    }
    this.#bodyLength = least;
    this.#body = Buffer.allocUnsafeSlow(Math.min(least, FIRST_CAPACITY));
    return offset;
  }

  #readBody(chunk: Uint8Array, start: number): number {
    const taken = Math.min(chunk.length - start, this.#bodyLength - this.#bodyFilled);
    this.#reserve(this.#bodyFilled + taken);
    this.#body.set(chunk.subarray(start, start + taken), this.#bodyFilled);
    this.#bodyFilled += taken;
    if (this.#bodyFilled === this.#bodyLength) this.#deliver();
    return start + taken;
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#body.length) return;
    const capacity = Math.min(this.#bodyLength, Math.max(bytes, this.#body.length * GROWTH));
    const larger = Buffer.allocUnsafeSlow(capacity);
    larger.set(this.#body.subarray(0, this.#bodyFilled));
    this.#body = larger;
  }

  #deliver(): void {
    const body = this.#body;
    this.#body = new Uint8Array(0);
    this.#bodyFilled = 0;
    this.#bodyLength = 0;
    this.#header.fill(0);
    this.#headerFilled = 0;
    this.#onBody(body);
  }

  #tooLarge(following: Uint8Array): FatalError {
    const seen = Buffer.concat([
      this.#header.subarray(0, this.#headerFilled),
      following.subarray(0, PREVIEW_BYTES - FRAME_HEADER_BYTES),
    ]);
    const isText = seen.every((byte) => byte === 0x0a || byte === 0x0d || (byte >= 0x20 && byte < 0x7f));
    const received = isText
      ? `the text ${JSON.stringify(seen.toString("latin1"))}: something other than frames is written to this stream`
      : `0x${seen.subarray(0, this.#headerFilled).toString("hex")}`;
    return new FatalError(
      "frame_too_large",
      `expected a frame length from 1 to ${this.#maxFrame} bytes, received ${received}`,
    );
  }
}
