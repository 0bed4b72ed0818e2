import type { z } from "zod";
import { WORKER_MESSAGES, type WorkerMessage } from "../../protocol/messages.js";
import { FatalError } from "../errors.js";
import type { RawMessage } from "./codec.js";

export type Checked<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: string };

const SHOWN_CHARACTERS = 40;

/**
 * Holds `raw` against a schema of `protocol/`.
 *
 * @returns the known fields, or what is wrong with the first wrong one: "expected X for NAME, received Y"
 */
export function checkFields<Schema extends z.ZodType>(
  schema: Schema,
  raw: RawMessage,
): Checked<z.output<Schema>> {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return { ok: true, value: parsed.data };
  const issue = parsed.error.issues[0];
  const path = issue?.path ?? [];
  const received = path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown>)[key], raw);
  const problem = `expected ${issue?.message} for ${path.join(".")}, received ${describeValue(received)}`;
  return { ok: false, problem };
}

/** @returns a decoded value in the words of an error message, never longer than a line */
export function describeValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "nil";
  if (typeof value === "string") {
    const shown = JSON.stringify(value.slice(0, SHOWN_CHARACTERS));
    return value.length > SHOWN_CHARACTERS ? `${shown} and ${value.length - SHOWN_CHARACTERS} more` : shown;
  }
  if (value instanceof Uint8Array) return `a bin of ${value.byteLength} bytes`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === "object" ? "a map" : String(value);
}

/**
 * The client's side of `checkFields`: types what a worker has sent.
 *
 * @returns null for a type that this version does not know, which a client ignores
 * @throws {FatalError} bad_envelope when a known message is not what the protocol says
 */
export function parseWorkerMessage(raw: RawMessage): WorkerMessage | null {
  const { t: type } = raw;
  if (typeof type !== "string") {
    throw new FatalError("bad_envelope", `expected a string for t, received ${describeValue(type)}`);
  }
  if (!Object.hasOwn(WORKER_MESSAGES, type)) return null;
  const schema: z.ZodType<WorkerMessage> = WORKER_MESSAGES[type as keyof typeof WORKER_MESSAGES];
  const checked = checkFields(schema, raw);
  if (!checked.ok) throw new FatalError("bad_envelope", `${checked.problem}, in a message of type ${type}`);
  return checked.value;
}
