import { U32_MAX } from "../../protocol/limits.js";

/*
 * Values from other parts of the program (library texts, measured times) as the protocol can carry them.
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** @returns as many whole characters of `text` as fit into `maxBytes` of UTF-8, lone surrogates replaced */
export function clipText(text: string, maxBytes: number): string {
  const bytes = new Uint8Array(maxBytes);
  const { written } = encoder.encodeInto(text, bytes);
  return decoder.decode(bytes.subarray(0, written));
}

/** @returns `value` rounded and held within 0..2^32-1; 0 for what is not a number */
export function toU32(value: number): number {
  return Number.isNaN(value) ? 0 : Math.min(U32_MAX, Math.max(0, Math.round(value)));
}
