/** Files with the structure of JPEGs and nothing in them that a decoder could use. */

const SOI = Buffer.from([0xff, 0xd8]);
const EOI = Buffer.from([0xff, 0xd9]);

export function segment(code: number, content: Uint8Array): Buffer {
  const head = Buffer.from([0xff, code, 0, 0]);
  head.writeUInt16BE(content.length + 2, 2);
  return Buffer.concat([head, content]);
}

/** A scan: its header and coded data with stuffed bytes, all restart markers and fill bytes. */
export function scan(fill: number): Buffer {
  const restarts = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((n) => [fill, 0xff, 0x00, 0xff, 0xd0 + n, fill]);
  return Buffer.concat([
    segment(0xda, Buffer.from([1, 1, 0, 0, 63, 0])),
    Buffer.from([...restarts, 0xff, 0xff, 0x00]),
  ]);
}

export function jpeg(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat([SOI, ...parts, EOI]);
}

/** A file with tables and one scan; `fill` tells files apart. */
export function plainJpeg(fill: number): Buffer {
  return jpeg(segment(0xdb, Buffer.alloc(65, fill)), segment(0xc0, Buffer.alloc(15, fill)), scan(fill));
}

/** An APP2 segment with the index of a multi-picture file: `offsets` count from the index's byte order mark. */
export function multiPictureIndex(offsets: readonly number[], isLittle = true): Buffer {
  const entries = Buffer.alloc(16 * (offsets.length + 1));
  const content = Buffer.alloc(4 + 8 + 2 + 12 + 4 + entries.length);
  const u16 = (value: number, at: number) => content[isLittle ? "writeUInt16LE" : "writeUInt16BE"](value, at);
  const u32 = (value: number, at: number) => content[isLittle ? "writeUInt32LE" : "writeUInt32BE"](value, at);
  content.write("MPF\0", "latin1");
  content.write(isLittle ? "II" : "MM", 4, "latin1");
  u16(42, 6);
  u32(8, 8);
  u16(1, 12);
  u16(0xb002, 14);
  u16(7, 16);
  u32(entries.length, 18);
  u32(26, 22);
  for (const [index, offset] of offsets.entries()) u32(offset, 30 + 16 * (index + 1) + 8);
  return segment(0xe2, content);
}

/** Where an index that is the first segment of a file has its byte order mark. */
export const INDEX_AT = SOI.length + 4 + 4;
