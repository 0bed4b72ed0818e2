import { Packr } from "msgpackr/pack";
import { MAX_FRAME_BYTES } from "../../protocol/limits.js";
import type { ClientMessage, WorkerMessage } from "../../protocol/messages.js";
import { messageOf } from "../errors.js";
import { FRAME_HEADER_BYTES } from "./frame-reader.js";
import { scanMessage } from "./scan.js";

/** The pieces of one frame in the order of the stream; a `data` payload is the caller's memory, not a copy. */
export type Frame = readonly Uint8Array[];

/** A decoded message whose fields nobody has looked at yet. */
export type RawMessage = Readonly<Record<string, unknown>>;

const msgpack = new Packr({
  useRecords: false,
  mapsAsObjects: true,
  variableMapSize: true,
  encodeUndefinedAsNil: true,
  structuredClone: false,
  int64AsType: "number",
});

const EMPTY_BIN = new Uint8Array(0);
/** What an empty bin is encoded as: bin 8, length 0. */
const EMPTY_BIN_BYTES = 2;

/** A message that its receiver would have to refuse; a fault of the sender, found before anything is sent. */
export class UnsendableMessage extends Error {
  override readonly name = "UnsendableMessage";
  /** It has too many bytes; otherwise its fields are at fault. */
  readonly isTooLarge: boolean;

  constructor(message: string, isTooLarge: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.isTooLarge = isTooLarge;
  }
}

/**
 * Decodes one frame body. `bin` values of the message are views of `body`.
 *
 * @throws {FatalError} malformed_message
 */
export function decodeMessage(body: Uint8Array): RawMessage {
  scanMessage(body);
  return msgpack.unpack(body) as RawMessage;
}

/**
 * Encodes one message as a frame. Absent and undefined fields are left out. `data`, where the message has it, becomes the
 * last field and a piece of its own, so that images are never copied.
 *
 * @throws {UnsendableMessage}
 */
export function encodeMessage(
  message: ClientMessage | WorkerMessage,
  maxFrame: number = MAX_FRAME_BYTES,
): Frame {
  const { data, ...fields } = message as { readonly data?: Uint8Array } & Record<string, unknown>;
  const present = withoutUndefined(fields);
  const packed = msgpack.pack(data === undefined ? present : { ...present, data: EMPTY_BIN });
  requireLegal(packed);
  if (data === undefined) return [framed(packed, EMPTY_BIN, 0, maxFrame)];
  const prefix = packed.subarray(0, packed.length - EMPTY_BIN_BYTES);
  return [framed(prefix, binHead(data.byteLength), data.byteLength, maxFrame), data];
}

function requireLegal(packed: Uint8Array): void {
  try {
    scanMessage(packed);
  } catch (thrown) {
    throw new UnsendableMessage(
      `a message for the other side is illegal: ${messageOf(thrown)}`,
      false,
      thrown,
    );
  }
}

/** One buffer with the frame's length, the fields and the head of the payload that is to follow it. */
function framed(fields: Uint8Array, binHeadBytes: Uint8Array, payload: number, maxFrame: number): Uint8Array {
  const length = fields.length + binHeadBytes.length + payload;
  if (length > maxFrame) {
    throw new UnsendableMessage(
      `expected a message of at most ${maxFrame} bytes, received one of ${length}`,
      true,
    );
  }
  const frame = Buffer.allocUnsafeSlow(FRAME_HEADER_BYTES + fields.length + binHeadBytes.length);
  frame.writeUInt32BE(length);
  frame.set(fields, FRAME_HEADER_BYTES);
  frame.set(binHeadBytes, FRAME_HEADER_BYTES + fields.length);
  return frame;
}

function binHead(bytes: number): Uint8Array {
  if (bytes < 0x100) return Uint8Array.of(0xc4, bytes);
  if (bytes < 0x1_0000) return Uint8Array.of(0xc5, bytes >> 8, bytes & 0xff);
  const head = Buffer.alloc(5);
  head[0] = 0xc6;
  // A payload past 4 GiB is refused by its frame's length; here it only must not throw.
  head.writeUInt32BE(bytes % 0x1_0000_0000, 1);
  return head;
}

function withoutUndefined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
