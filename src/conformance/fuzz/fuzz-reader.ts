import { isDeepStrictEqual } from "node:util";
import { I32_MIN, MESSAGE_LIMITS, U32_MAX } from "../../../protocol/limits.js";
import { FatalError, messageOf } from "../../errors.js";
import type { RawMessage } from "../../wire/codec.js";
import { MessageReader } from "../../wire/message-reader.js";
import { frameOf, packMessage } from "../engine/message-bytes.js";
import { legalMessages } from "./corpus.js";
import { mutateBytes, mutateFields } from "./mutate.js";
import { Random } from "./random.js";

export interface ReaderFuzzOutcome {
  readonly streams: number;
  readonly messages: number;
  /** Streams by the code that ended them, `none` for legal ones. */
  readonly codes: Readonly<Record<string, number>>;
  /** What was wrong first; null when nothing was. */
  readonly problem: string | null;
}

interface Reading {
  readonly messages: readonly RawMessage[];
  readonly code: string | null;
}

const CODES: ReadonlySet<string> = new Set([
  "frame_empty",
  "frame_too_large",
  "frame_truncated",
  "malformed_message",
]);

/** Feeds mutated streams to this package's own reader, without a worker; a million take less than a minute. */
export function fuzzReader(streams: number, seed: number): ReaderFuzzOutcome {
  const random = new Random(seed);
  const sources = legalMessages(1).map((message) => ({ message, packed: packMessage(message) }));
  const codes: Record<string, number> = {};
  let messages = 0;
  for (let index = 0; index < streams; index++) {
    const { message, packed } = random.pick(sources);
    const body = random.oneIn(4) ? packMessage(mutateFields(message, random)) : packed;
    const stream = mutateStream(body, random.pick(sources).packed, random);
    const problem = tryStream(stream, random, (reading) => {
      messages += reading.messages.length;
      const code = reading.code ?? "none";
      codes[code] = (codes[code] ?? 0) + 1;
    });
    if (problem !== null) {
      return {
        streams: index + 1,
        messages,
        codes,
        problem: `${problem}; the stream: ${stream.toString("hex")}`,
      };
    }
  }
  return { streams, messages, codes, problem: null };
}

/** Half of the streams keep a right length, so that what is judged is the body. */
function mutateStream(body: Uint8Array, next: Uint8Array, random: Random): Buffer {
  if (random.oneIn(2)) return Buffer.concat([frameOf(mutateBytes(body, random)), frameOf(next)]);
  return mutateBytes(Buffer.concat([frameOf(body), frameOf(next)]), random);
}

function tryStream(stream: Uint8Array, random: Random, onReading: (reading: Reading) => void): string | null {
  try {
    const whole = read(stream, stream.length);
    onReading(whole);
    const wrong = whole.messages.find((message) => !isLegal(message, 1));
    if (wrong !== undefined) return `expected legal values only, received ${JSON.stringify(wrong)}`;
    const inPieces = read(stream, 1 + random.below(16));
    return isDeepStrictEqual(whole, inPieces)
      ? null
      : "expected the same from a stream in pieces, received other messages";
  } catch (thrown) {
    return messageOf(thrown);
  }
}

/** @throws {unknown} whatever is no refusal that the reader promises */
function read(stream: Uint8Array, pieceBytes: number): Reading {
  const messages: RawMessage[] = [];
  const reader = new MessageReader((message) => messages.push(message));
  try {
    for (let offset = 0; offset < stream.length; offset += pieceBytes) {
      reader.push(stream.subarray(offset, offset + pieceBytes));
    }
    reader.end();
    return { messages, code: null };
  } catch (thrown) {
    if (!(thrown instanceof FatalError) || !CODES.has(thrown.code)) throw thrown;
    return { messages, code: thrown.code };
  }
}

/** Judges the decoded values by themselves, so that a hole in the reader's own checks shows. */
function isLegal(value: unknown, depth: number): boolean {
  if (value === null || typeof value === "boolean" || value instanceof Uint8Array) return true;
  if (typeof value === "string") return Buffer.byteLength(value) <= MESSAGE_LIMITS.stringBytes;
  if (typeof value === "number") return Number.isInteger(value) && value >= I32_MIN && value <= U32_MAX;
  if (typeof value !== "object" || depth > MESSAGE_LIMITS.depth) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype) return false;
  const inner = Object.values(value);
  return inner.length <= MESSAGE_LIMITS.entries && inner.every((one) => isLegal(one, depth + 1));
}
