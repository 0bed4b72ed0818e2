const SIGNATURE = Buffer.from("MPF\0", "latin1");
const LITTLE_ENDIAN = "II";
const BIG_ENDIAN = "MM";
/** Of a TIFF header: the mark of the byte order, the number 42, and where the first directory lies. */
const TIFF_HEADER_BYTES = 8;
const DIRECTORY_ENTRY_BYTES = 12;
const MP_ENTRY_TAG = 0xb002;
const MP_ENTRY_BYTES = 16;
/** Where an entry has the place of its picture, counted from the byte order mark. */
const MP_ENTRY_OFFSET_AT = 8;

/**
 * Reads the index of a multi-picture file (CIPA DC-007, sections 5.2.2 and 5.2.3): stereo pairs, and photographs with a
 * gain map or a large preview behind the picture proper.
 *
 * @param payload content of an APP2 segment, without its length
 * @returns where the further pictures start, in bytes from the start of the payload; none when it is no such index
 */
export function furtherPictures(payload: Uint8Array): readonly number[] {
  if (!SIGNATURE.equals(payload.subarray(0, SIGNATURE.length))) return [];
  const index = new IndexBytes(payload.subarray(SIGNATURE.length));
  return index.pictureOffsets().map((offset) => offset + SIGNATURE.length);
}

/** Reads beyond the end give null, which ends the search: a damaged index is no index. */
class IndexBytes {
  readonly #view: DataView;
  readonly #isLittle: boolean | null;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const mark = Buffer.from(bytes.subarray(0, 2)).toString("latin1");
    this.#isLittle = mark === LITTLE_ENDIAN ? true : mark === BIG_ENDIAN ? false : null;
  }

  /** The first picture has the offset 0 by definition and is left out. */
  pictureOffsets(): number[] {
    const entries = this.#entries();
    if (entries === null) return [];
    const offsets: number[] = [];
    for (let at = entries.start; at + MP_ENTRY_BYTES <= entries.end; at += MP_ENTRY_BYTES) {
      const offset = this.#u32(at + MP_ENTRY_OFFSET_AT);
      if (offset === null) break;
      if (offset > 0) offsets.push(offset);
    }
    return offsets;
  }

  #entries(): { readonly start: number; readonly end: number } | null {
    const directory = this.#isLittle === null ? null : this.#u32(TIFF_HEADER_BYTES - 4);
    const count = directory === null ? null : this.#u16(directory);
    if (directory === null || count === null) return null;
    for (let index = 0; index < count; index++) {
      const at = directory + 2 + index * DIRECTORY_ENTRY_BYTES;
      if (this.#u16(at) !== MP_ENTRY_TAG) continue;
      const [bytes, start] = [this.#u32(at + 4), this.#u32(at + 8)];
      return bytes === null || start === null ? null : { start, end: start + bytes };
    }
    return null;
  }

  #u16(at: number): number | null {
    return at + 2 <= this.#view.byteLength ? this.#view.getUint16(at, this.#isLittle ?? false) : null;
  }

  #u32(at: number): number | null {
    return at + 4 <= this.#view.byteLength ? this.#view.getUint32(at, this.#isLittle ?? false) : null;
  }
}
