import { isUtf8 } from "node:buffer";
import { MESSAGE_LIMITS, type MessageLimits, U32_MAX } from "../../protocol/limits.js";
import { FatalError } from "../errors.js";

type Kind = "scalar" | "string" | "bin" | "array" | "map";

interface Container {
  readonly kind: "array" | "map";
  /** Values still to come. */
  left: number;
  /** Keys seen so far. */
  readonly keys: Set<string>;
}

const FORBIDDEN = new Map<number, string>([
  [0xc1, "the unused byte 0xc1"],
  [0xca, "a float"],
  [0xcb, "a float"],
  ...[0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8].map((byte): [number, string] => [byte, "an extension"]),
]);

/** Kind and bytes of the length that follows the first byte. */
const SIZED = new Map<number, readonly [Kind, number]>([
  [0xc4, ["bin", 1]],
  [0xc5, ["bin", 2]],
  [0xc6, ["bin", 4]],
  [0xd9, ["string", 1]],
  [0xda, ["string", 2]],
  [0xdb, ["string", 4]],
  [0xdc, ["array", 2]],
  [0xdd, ["array", 4]],
  [0xde, ["map", 2]],
  [0xdf, ["map", 4]],
]);

/** Bytes of the integer that follows the first byte. */
const INTEGERS = new Map<number, number>([
  [0xcc, 1],
  [0xcd, 2],
  [0xce, 4],
  [0xcf, 8],
  [0xd0, 1],
  [0xd1, 2],
  [0xd2, 4],
  [0xd3, 8],
]);
const UINT64 = 0xcf;
const INT64 = 0xd3;

/**
 * Checks that `body` is exactly one legal message before anything decodes it: a MessagePack map with distinct string
 * keys, without floats, extensions and integers outside -2^31..2^32-1, in strict UTF-8 and within `limits`. Iterative,
 * so nesting cannot exhaust the stack, and it stops at the first byte past a limit. The format is the MessagePack
 * specification (github.com/msgpack/msgpack, spec.md).
 *
 * @throws {FatalError} malformed_message
 */
export function scanMessage(body: Uint8Array, limits: MessageLimits = MESSAGE_LIMITS): void {
  new MessageScanner(body, limits).scan();
}

class MessageScanner {
  readonly #body: Buffer;
  readonly #limits: MessageLimits;
  readonly #open: Container[] = [];
  #offset = 0;
  #binBytes = 0;
  /** Length of the string or bin, or entries of the container, that `#token` has just read the head of. */
  #size = 0;

  constructor(body: Uint8Array, limits: MessageLimits) {
    this.#body = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    this.#limits = limits;
  }

  scan(): void {
    const kind = this.#token("a map");
    if (kind !== "map") throw this.#malformed("a map as the message", `a ${kind}`, 0);
    this.#enter(kind, 0);
    for (let top = this.#open.at(-1); top !== undefined; top = this.#open.at(-1)) {
      if (top.left === 0) {
        this.#open.pop();
        continue;
      }
      top.left--;
      if (top.kind === "map") this.#key(top);
      this.#value();
    }
    if (this.#offset < this.#body.length) {
      throw this.#malformed(
        "the end of the message",
        `${this.#body.length - this.#offset} more bytes`,
        this.#offset,
      );
    }
  }

  #key(owner: Container): void {
    const start = this.#offset;
    const kind = this.#token("a key");
    if (kind !== "string") throw this.#malformed("a string as key", `a ${kind}`, start);
    const contentStart = this.#offset;
    this.#string(start);
    // Latin-1 gives distinct texts for distinct bytes, and needs no second UTF-8 pass.
    const key = this.#body.toString("latin1", contentStart, this.#offset);
    if (key === "__proto__") throw this.#malformed("a key other than __proto__", "__proto__", start);
    if (owner.keys.has(key)) throw this.#malformed("distinct keys", `${JSON.stringify(key)} twice`, start);
    owner.keys.add(key);
  }

  #value(): void {
    const start = this.#offset;
    const kind = this.#token("a value");
    if (kind === "string") this.#string(start);
    else if (kind === "bin") this.#bin(start);
    else if (kind !== "scalar") this.#enter(kind, start);
  }

  /** Reads a head, and with it the whole of a value that has no content after it. */
  #token(wanted: string): Kind {
    const start = this.#offset;
    this.#need(1, wanted, start);
    const first = this.#body.readUInt8(this.#offset++);
    const forbidden = FORBIDDEN.get(first);
    if (forbidden !== undefined) throw this.#malformed(wanted, forbidden, start);
    const kind = this.#shortForm(first) ?? this.#longForm(first, start);
    if (this.#offset - this.#binBytes > this.#limits.nonBinBytes) throw this.#tooMuch(start);
    return kind;
  }

  #shortForm(first: number): Kind | null {
    if (first < 0x80 || first >= 0xe0 || first === 0xc0 || first === 0xc2 || first === 0xc3) return "scalar";
    if (first >= 0xc0) return null;
    this.#size = first < 0xa0 ? first & 0x0f : first & 0x1f;
    if (first < 0x90) return "map";
    return first < 0xa0 ? "array" : "string";
  }

  #longForm(first: number, start: number): Kind {
    const sized = SIZED.get(first);
    if (sized !== undefined) {
      const [kind, width] = sized;
      this.#need(width, `the length of a ${kind}`, start);
      this.#size = this.#body.readUIntBE(this.#offset, width);
      this.#offset += width;
      return kind;
    }
    const width = INTEGERS.get(first) as number;
    this.#need(width, "an integer", start);
    if (width === 8) this.#checkInt64(first, start);
    this.#offset += width;
    return "scalar";
  }

  #checkInt64(first: number, start: number): void {
    const value =
      first === UINT64 ? this.#body.readBigUInt64BE(this.#offset) : this.#body.readBigInt64BE(this.#offset);
    const least = first === INT64 ? -0x8000_0000n : 0n;
    if (value < least || value > BigInt(U32_MAX)) {
      throw this.#malformed(`an integer from -2147483648 to ${U32_MAX}`, String(value), start);
    }
  }

  #string(start: number): void {
    if (this.#size > this.#limits.stringBytes) {
      const most = `a string of at most ${this.#limits.stringBytes} bytes`;
      throw this.#malformed(most, `one of ${this.#size}`, start);
    }
    this.#need(this.#size, "the content of a string", start);
    const end = this.#offset + this.#size;
    if (!isUtf8(this.#body.subarray(this.#offset, end))) {
      throw this.#malformed("a string in UTF-8", "bytes that are not UTF-8", start);
    }
    this.#offset = end;
    if (end - this.#binBytes > this.#limits.nonBinBytes) throw this.#tooMuch(start);
  }

  #bin(start: number): void {
    this.#need(this.#size, "the content of a bin", start);
    this.#offset += this.#size;
    this.#binBytes += this.#size;
  }

  #enter(kind: "array" | "map", start: number): void {
    if (this.#size > this.#limits.entries) {
      const most = `at most ${this.#limits.entries} entries in the ${kind}`;
      throw this.#malformed(most, String(this.#size), start);
    }
    if (this.#open.length === this.#limits.depth) {
      throw this.#malformed(`at most ${this.#limits.depth} nested containers`, "one more", start);
    }
    this.#open.push({ kind, left: this.#size, keys: new Set() });
  }

  #need(bytes: number, wanted: string, start: number): void {
    const left = this.#body.length - this.#offset;
    if (bytes > left)
      throw this.#malformed(`${bytes} bytes for ${wanted}`, `${left} until the frame's end`, start);
  }

  #tooMuch(start: number): FatalError {
    const most = `at most ${this.#limits.nonBinBytes} bytes besides the content of bin values`;
    return this.#malformed(most, "more", start);
  }

  #malformed(expected: string, received: string, offset: number): FatalError {
    return new FatalError(
      "malformed_message",
      `expected ${expected} at byte ${offset} of the frame body, received ${received}`,
    );
  }
}
