import { Packr } from "msgpackr/pack";
import { FRAME_HEADER_BYTES } from "../../wire/frame-reader.js";

// Not the encoder of wire/: that one refuses what the other side would have to refuse, which is what cases send.
const msgpack = new Packr({
  useRecords: false,
  mapsAsObjects: true,
  variableMapSize: true,
  structuredClone: false,
});

/** @returns `message` as MessagePack, legal in the protocol or not */
export function packMessage(message: unknown): Buffer {
  return msgpack.pack(message);
}

/** @returns `body` behind its length */
export function frameOf(body: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + body.length);
  frame.writeUInt32BE(body.length);
  frame.set(body, FRAME_HEADER_BYTES);
  return frame;
}
