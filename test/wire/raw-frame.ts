import { Packr } from "msgpackr/pack";

const packr = new Packr({ useRecords: false, variableMapSize: true, encodeUndefinedAsNil: true });

/** @returns a frame around any body, legal or not */
export function rawFrame(body: Uint8Array): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(body.length);
  return Buffer.concat([header, body]);
}

/** @returns a frame of any value, without the codec's checks */
export function packedFrame(value: unknown): Buffer {
  return rawFrame(packr.pack(value));
}
