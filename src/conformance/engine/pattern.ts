import { createHash } from "node:crypto";
import sharp from "sharp";
import { describeValue } from "../../wire/validate.js";
import { fillIn, isRecord, operatorOf, type Scope } from "../cases/template.js";
import { KitError } from "../kit-error.js";

/** What was captured while matching; takes effect only when the whole pattern matches. */
type Captures = Map<string, unknown>;
type Operator = (argument: unknown, value: unknown, scope: Scope, captures: Captures) => Promise<boolean>;

const OPERATORS: Readonly<Record<string, Operator>> = {
  $regex: async (argument, value) =>
    typeof value === "string" && new RegExp(String(argument), "u").test(value),
  $range: async (argument, value, scope) => {
    const [least, most] = fillIn(argument, scope) as readonly [number, number];
    return typeof value === "number" && value >= least && value <= most;
  },
  $type: async (argument, value) => typeName(value) === argument,
  $absent: async (argument, value) => (value === undefined) === argument,
  $any: async (argument, value, scope, captures) => {
    for (const option of argument as readonly unknown[]) {
      if (await matchValue(option, value, scope, captures)) return true;
    }
    return false;
  },
  $not: async (argument, value, scope, captures) => !(await matchValue(argument, value, scope, captures)),
  $includes: async (argument, value, scope, captures) => {
    for (const item of Array.isArray(value) ? value : []) {
      if (await matchValue(argument, item, scope, captures)) return true;
    }
    return false;
  },
  $capture: async (argument, value, _scope, captures) => {
    captures.set(String(argument), value);
    return value !== undefined;
  },
  $image: async (argument, value) => value instanceof Uint8Array && (await isImage(argument, value)),
  $sha256: async (argument, value, scope) => {
    const bytes = fillIn(argument, scope) as Uint8Array;
    return value === createHash("sha256").update(bytes).digest("hex");
  },
};

/** Names of the operators that a pattern may use, besides the placeholders of templates. */
export const PATTERN_OPERATORS: readonly string[] = Object.keys(OPERATORS);

function typeName(value: unknown): string {
  if (value instanceof Uint8Array) return "bin";
  if (Array.isArray(value)) return "array";
  return value === null ? "nil" : isRecord(value) ? "map" : typeof value;
}

/** Decodes the whole picture: a header alone may promise what the rest does not hold. */
async function isImage(wanted: unknown, bytes: Uint8Array): Promise<boolean> {
  try {
    const image = sharp(bytes, { failOn: "error" });
    const found = await image.metadata();
    await image.raw().toBuffer();
    return Object.entries(wanted as Record<string, unknown>).every(
      ([key, value]) => found[key as keyof typeof found] === value,
    );
  } catch {
    return false;
  }
}

async function matchValue(
  pattern: unknown,
  value: unknown,
  scope: Scope,
  captures: Captures,
): Promise<boolean> {
  const operator = operatorOf(pattern);
  if (operator !== null) {
    const matches = OPERATORS[operator.name];
    if (matches !== undefined) return matches(operator.argument, value, scope, captures);
    return isSame(fillIn(pattern, scope), value);
  }
  if (!isRecord(pattern)) {
    if (!Array.isArray(pattern)) return isSame(pattern, value);
    if (!Array.isArray(value) || value.length !== pattern.length) return false;
    for (const [index, item] of pattern.entries()) {
      if (!(await matchValue(item, value[index], scope, captures))) return false;
    }
    return true;
  }
  if (!isRecord(value)) return false;
  for (const [key, inner] of Object.entries(pattern)) {
    if (!(await matchValue(inner, value[key], scope, captures))) return false;
  }
  return true;
}

function isSame(wanted: unknown, value: unknown): boolean {
  if (wanted instanceof Uint8Array) return value instanceof Uint8Array && Buffer.compare(wanted, value) === 0;
  return wanted === value;
}

/**
 * Holds a message against a pattern: maps match by the pattern's fields alone, arrays item by item, all else by
 * equality; operators are listed in the README of the case files.
 *
 * @returns whether it matches; captured values are in `scope` then
 * @throws {KitError} wrong_case_file
 */
export async function matches(pattern: unknown, value: unknown, scope: Scope): Promise<boolean> {
  const captures: Captures = new Map();
  if (!(await matchValue(pattern, value, scope, captures))) return false;
  for (const [name, captured] of captures) scope.captures.set(name, captured);
  return true;
}

/** @throws {KitError} wrong_case_file when a pattern uses an operator or placeholder that does not exist */
export function requireKnownOperators(pattern: unknown, known: readonly string[]): void {
  const operator = operatorOf(pattern);
  if (operator !== null && !known.includes(operator.name)) {
    throw new KitError("wrong_case_file", `expected one of ${known.join(", ")}, received ${operator.name}`);
  }
  if (Array.isArray(pattern)) for (const item of pattern) requireKnownOperators(item, known);
  else if (isRecord(pattern)) for (const item of Object.values(pattern)) requireKnownOperators(item, known);
}

const SHOWN_CHARACTERS = 240;

/** @returns a message or pattern on one line, bytes by their number */
export function show(value: unknown): string {
  const text = JSON.stringify(value, (_key, inner: unknown) => {
    const isBytes = inner instanceof Uint8Array || (isRecord(inner) && inner.type === "Buffer");
    if (!isBytes) return inner;
    return inner instanceof Uint8Array ? describeValue(inner) : "bytes";
  });
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text;
}
