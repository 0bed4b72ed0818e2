import { crc32, deflateRawSync } from "node:zlib";

/** An entry as it is to be told, honestly or not. */
export interface ZipEntry {
  readonly name: string | Uint8Array;
  readonly data?: Uint8Array;
  /** 0 stored, 8 deflated. */
  readonly method?: number;
  /** Bit 0: encrypted; bit 11: the name is UTF-8. */
  readonly flags?: number;
  readonly crc?: number;
  readonly size?: number;
  /** Unix mode; 0 for none. */
  readonly mode?: number;
  /** Where the directory says the entry is; by default where it is. */
  readonly offset?: number;
}

const UTF8 = 0x800;
/** 2020-01-02 03:04:06 */
const [DATE, TIME] = [0x5022, 0x1883];

function fields(parts: readonly (readonly [bytes: 2 | 4, value: number])[]): Buffer {
  return Buffer.concat(
    parts.map(([bytes, value]) => {
      const field = Buffer.alloc(bytes);
      field.writeUIntLE(value, 0, bytes);
      return field;
    }),
  );
}

/** Builds a ZIP archive byte by byte (PKWARE's APPNOTE 6.3), so that it may say what no honest program writes. */
export function zipBytes(entries: readonly ZipEntry[], comment = ""): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const { data = Buffer.alloc(0), method = 0, mode = 0, flags = UTF8 } = entry;
    const name = Buffer.from(entry.name as string);
    const packed = method === 8 ? deflateRawSync(data) : data;
    const crc = entry.crc ?? crc32(data);
    const size = entry.size ?? data.length;
    const shared = fields([
      ...([
        [2, 20],
        [2, flags],
        [2, method],
        [2, TIME],
        [2, DATE],
      ] as const),
      ...([
        [4, crc],
        [4, packed.length],
        [4, size],
        [2, name.length],
        [2, 0],
      ] as const),
    ]);
    const local = Buffer.concat([fields([[4, 0x04034b50]]), shared, name, packed]);
    const place = fields([
      [2, 0],
      [2, 0],
      [2, 0],
      [2, 0],
      [2, mode],
    ]);
    const start = fields([[4, entry.offset ?? at]]);
    directory.push(
      fields([
        [4, 0x02014b50],
        [2, (3 << 8) | 20],
      ]),
      shared,
      place,
      start,
      name,
    );
    locals.push(local);
    at += local.length;
  }
  const listed = Buffer.concat(directory);
  const end = fields([
    ...([
      [4, 0x06054b50],
      [2, 0],
      [2, 0],
      [2, entries.length],
      [2, entries.length],
    ] as const),
    ...([
      [4, listed.length],
      [4, at],
      [2, comment.length],
    ] as const),
  ]);
  return Buffer.concat([...locals, listed, end, Buffer.from(comment)]);
}

/** Builds a RAR 4 archive of stored files byte by byte. */
export function rarBytes(files: readonly { readonly name: string; readonly data: Uint8Array }[]): Buffer {
  const block = (type: number, flags: number, body: Buffer): Buffer => {
    const header = Buffer.concat([
      fields([
        [2, flags],
        [2, 7 + body.length],
      ]),
      body,
    ]);
    const summed = Buffer.concat([Buffer.from([type]), header]);
    return Buffer.concat([fields([[2, crc32(summed) & 0xffff]]), summed]);
  };
  const blocks = files.map(({ name, data }) => {
    const title = Buffer.from(name);
    const body = Buffer.concat([
      fields([
        [4, data.length],
        [4, data.length],
      ]),
      Buffer.from([3]),
      fields([
        [4, crc32(data)],
        [2, TIME],
        [2, DATE],
      ]),
      Buffer.from([20, 0x30]),
      fields([
        [2, title.length],
        [4, 0o100644],
      ]),
      title,
    ]);
    return Buffer.concat([block(0x74, 0x8000, body), data]);
  });
  const mark = Buffer.from("Rar!\x1a\x07\x00", "latin1");
  return Buffer.concat([
    mark,
    block(0x73, 0, Buffer.alloc(6)),
    ...blocks,
    block(0x7b, 0x4000, Buffer.alloc(0)),
  ]);
}
