import { z } from "zod";
import {
  I32_MIN,
  MAX_DURATION_MS,
  MAX_LABEL_LENGTH,
  MAX_REQUEST_ID,
  MESSAGE_LIMITS,
  U32_MAX,
} from "./limits.js";

/*
 * Building blocks of the message schemas. The error text of each says what was expected, as a noun phrase; the receiver
 * completes it to "expected <phrase> for <field>, received <value>".
 */

export function integer(min: number, max: number) {
  const error = `an integer from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

export function oneOf<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, { error: `one of ${values.join(", ")}` });
}

export function listOf<Item extends z.ZodType>(item: Item, what: string) {
  const error = `an array of at most ${MESSAGE_LIMITS.entries} ${what}`;
  return z.array(item, { error }).max(MESSAGE_LIMITS.entries, { error });
}

export function map<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.object(shape, { error: "a map" });
}

export const u32 = integer(0, U32_MAX);
export const i32 = integer(I32_MIN, 0x7fff_ffff);
export const requestId = integer(1, MAX_REQUEST_ID);
export const durationMs = integer(1, MAX_DURATION_MS);
/** A time span that may be zero: how long to wait before something is forced. */
export const graceMs = integer(0, MAX_DURATION_MS);
export const flag = z.boolean({ error: "a boolean" });
export const text = z.string({ error: "a string" });
export const label = text.max(MAX_LABEL_LENGTH, {
  error: `a string of at most ${MAX_LABEL_LENGTH} characters`,
});
export const name = text.min(1, { error: "a string that is not empty" });

export const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.byteLength > 0, {
  error: "a bin that is not empty",
});
