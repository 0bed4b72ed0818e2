import { MAX_FRAME_BYTES } from "../../protocol/limits.js";
import { decodeMessage, type RawMessage } from "./codec.js";
import { FrameReader } from "./frame-reader.js";

/** Turns the bytes of one direction of a connection into messages; used by both ends. */
export class MessageReader {
  readonly #frames: FrameReader;

  /** @param onMessage receives each message; its `bin` values belong to the receiver */
  constructor(onMessage: (message: RawMessage) => void, maxFrame: number = MAX_FRAME_BYTES) {
    this.#frames = new FrameReader((body) => onMessage(decodeMessage(body)), maxFrame);
  }

  /** @throws {FatalError} frame_empty, frame_too_large, malformed_message; the reader is of no use afterwards */
  push(chunk: Uint8Array): void {
    this.#frames.push(chunk);
  }

  /** @throws {FatalError} frame_truncated when the stream ended inside a frame */
  end(): void {
    this.#frames.end();
  }
}
