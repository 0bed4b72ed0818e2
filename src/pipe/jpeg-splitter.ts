import { furtherPictures } from "./multi-picture.js";

const MARK = 0xff;
const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const APP2 = 0xe2;
const SOI_BYTES = Uint8Array.of(MARK, SOI);
/** Of a segment's length, which counts itself. */
const LENGTH_BYTES = 2;

/** Markers with nothing after them: RST0 to RST7 and TEM; FF 00 is a byte of data. */
function standsAlone(code: number): boolean {
  return code <= 0x01 || (code >= 0xd0 && code <= 0xd7);
}

/**
 * Segments that may come after the first scan: tables, the number of lines, further scans, comments and application
 * data. Anything else in there is damage, whose "length" must not swallow the pages that follow.
 */
function mayFollowScan(code: number): boolean {
  return (
    code === 0xc4 ||
    code === 0xcc ||
    (code >= 0xda && code <= 0xdd) ||
    (code >= 0xe0 && code <= 0xef) ||
    code === 0xfe
  );
}

/** What is done with the next byte. */
type State = "gap" | "search" | "code" | "nested" | "length" | "payload";

export interface SplitterEvents {
  /** @param data a whole image, or what there is of one that was cut off; the memory belongs to the receiver */
  onImage(data: Uint8Array): void;
  /** An image was longer than the limit. */
  onTooLarge(bytes: number): void;
  /** A picture that belongs to the last image, by the index of a multi-picture file, was left out. */
  onFurtherPicture(bytes: number): void;
  /** Bytes between two images other than 00 and FF were left out. */
  onJunk(bytes: number): void;
}

/**
 * Cuts a stream of JPEG files that follow one another into files. Segments are walked by their lengths (ITU-T T.81, annex
 * B), so a thumbnail inside one is never taken for a page, whatever number of scans an image has. A start of image where
 * none can be ends a file that was cut off, and begins the next.
 */
export class JpegSplitter {
  readonly #events: SplitterEvents;
  readonly #maxBytes: number;
  #state: State = "gap";
  /** Bytes of the stream before the present chunk. */
  #passed = 0;
  /** Bytes of FF D8 FF that the gap has just ended with. */
  #matched = 0;
  #junk = 0;
  /** The image so far: pieces of earlier chunks, and where it goes on in the present one. */
  #pieces: Uint8Array[] = [];
  #pieceStart = 0;
  /** Where in the stream the image starts, and up to where it was taken. */
  #startedAt = 0;
  #keptTo = 0;
  #inScan = false;
  #code = 0;
  #lengthFilled = 0;
  #length = 0;
  /** Content of a segment that may hold an index of pictures. */
  #index: Uint8Array[] | null = null;
  /** Where in the stream pictures start that belong to the last image. */
  #furtherAt: ReadonlySet<number> = new Set();
  #isFurther = false;

  /** @param maxBytes longest image; a longer one is read past, not kept */
  constructor(events: SplitterEvents, maxBytes: number) {
    this.#events = events;
    this.#maxBytes = maxBytes;
  }

  /** @param chunk the next bytes of the stream; kept until the image is whole, so not to be changed */
  push(chunk: Uint8Array): void {
    this.#pieceStart = 0;
    let offset = 0;
    while (offset < chunk.length) offset = this.#step(chunk, offset);
    if (this.#state !== "gap") this.#keep(chunk, chunk.length);
    this.#passed += chunk.length;
  }

  /** Says that the stream has ended: an image without its end is handed over as it is. */
  end(): void {
    if (this.#state === "gap") this.#reportJunk();
    else this.#finish();
  }

  #step(chunk: Uint8Array, offset: number): number {
    if (this.#state === "gap") return this.#gap(chunk, offset);
    if (this.#state === "search") return this.#search(chunk, offset);
    if (this.#state === "code") return this.#marker(chunk, offset);
    if (this.#state === "nested") return this.#nested(chunk, offset);
    return this.#state === "length" ? this.#readLength(chunk, offset) : this.#payload(chunk, offset);
  }

  #gap(chunk: Uint8Array, offset: number): number {
    const byte = chunk[offset];
    if (this.#matched === 2 && byte === MARK) {
      this.#junk -= 1;
      this.#begin(offset);
      return offset;
    }
    if (byte !== 0 && byte !== MARK) this.#junk++;
    this.#matched = byte === MARK ? 1 : this.#matched === 1 && byte === SOI ? 2 : 0;
    return offset + 1;
  }

  /** @param offset of the FF that follows the start of image, which may lie in an earlier chunk */
  #begin(offset: number): void {
    this.#reportJunk();
    this.#startedAt = this.#passed + offset - SOI_BYTES.length;
    this.#isFurther = this.#furtherAt.has(this.#startedAt);
    if (!this.#isFurther) this.#furtherAt = new Set();
    this.#pieces = [SOI_BYTES];
    this.#pieceStart = offset;
    this.#inScan = false;
    this.#state = "search";
  }

  #search(chunk: Uint8Array, offset: number): number {
    const found = chunk.indexOf(MARK, offset);
    if (found < 0) return chunk.length;
    this.#state = "code";
    return found + 1;
  }

  #marker(chunk: Uint8Array, offset: number): number {
    const code = chunk[offset] as number;
    if (code === MARK) return offset + 1;
    if (code === EOI) {
      this.#keep(chunk, offset + 1);
      this.#finish();
    } else if (code === SOI) {
      this.#state = "nested";
    } else if (standsAlone(code) || (this.#inScan && !mayFollowScan(code))) {
      this.#state = "search";
    } else {
      this.#code = code;
      this.#length = 0;
      this.#lengthFilled = 0;
      this.#state = "length";
    }
    return offset + 1;
  }

  /** After FF D8 inside an image: with another FF it is the next one, and the present one was cut off. */
  #nested(chunk: Uint8Array, offset: number): number {
    this.#state = "search";
    if (chunk[offset] !== MARK) return offset;
    this.#keep(chunk, offset);
    this.#finish(SOI_BYTES.length);
    this.#begin(offset);
    return offset;
  }

  #readLength(chunk: Uint8Array, offset: number): number {
    this.#length = this.#length * 0x100 + (chunk[offset] as number);
    this.#lengthFilled++;
    if (this.#lengthFilled < LENGTH_BYTES) return offset + 1;
    this.#length -= LENGTH_BYTES;
    if (this.#code === SOS) this.#inScan = true;
    const mayHoldIndex = this.#code === APP2 && !this.#inScan && !this.#isFurther;
    this.#index = mayHoldIndex ? [] : null;
    this.#state = this.#length > 0 ? "payload" : "search";
    return offset + 1;
  }

  #payload(chunk: Uint8Array, offset: number): number {
    const end = Math.min(chunk.length, offset + this.#length);
    this.#index?.push(chunk.subarray(offset, end));
    this.#length -= end - offset;
    if (this.#length > 0) return end;
    this.#state = "search";
    if (this.#index !== null) this.#readIndex(Buffer.concat(this.#index), this.#passed + end);
    this.#index = null;
    return end;
  }

  #readIndex(payload: Uint8Array, endsAt: number): void {
    const further = furtherPictures(payload);
    if (further.length > 0) this.#furtherAt = new Set(further.map((at) => endsAt - payload.length + at));
  }

  /** Takes what the present chunk has of the image, up to `end`. */
  #keep(chunk: Uint8Array, end: number): void {
    const length = this.#passed + end - this.#startedAt;
    if (this.#isFurther || length > this.#maxBytes) this.#pieces = [];
    else this.#pieces.push(chunk.subarray(this.#pieceStart, end));
    this.#keptTo = this.#passed + end;
  }

  /** @param surplus bytes at the end that belong to the next image */
  #finish(surplus = 0): void {
    this.#state = "gap";
    this.#matched = 0;
    const length = this.#keptTo - surplus - this.#startedAt;
    const pieces = this.#pieces;
    this.#pieces = [];
    if (this.#isFurther) this.#events.onFurtherPicture(length);
    else if (length > this.#maxBytes) this.#events.onTooLarge(length);
    else this.#events.onImage(Buffer.concat(pieces).subarray(0, length));
  }

  #reportJunk(): void {
    if (this.#junk > 0) this.#events.onJunk(this.#junk);
    this.#junk = 0;
  }
}
