import { KitError } from "../kit-error.js";
import { readByteParts } from "./byte-parts.js";

/** What the placeholders of a case stand for while it runs. */
export interface Scope {
  /** Values that patterns have captured. */
  readonly captures: Map<string, unknown>;
  /** `limits` of the worker's hello; empty until it has come. */
  limits: Readonly<Record<string, unknown>>;
  /** Process ids by role. */
  readonly pids: Map<string, number>;
  /** Counts the repetitions of a step from 0. */
  index: number;
}

export function newScope(): Scope {
  return { captures: new Map(), limits: {}, pids: new Map(), index: 0 };
}

type Placeholder = (argument: unknown, scope: Scope) => unknown;

const PLACEHOLDERS: Readonly<Record<string, Placeholder>> = {
  $bytes: (argument) => readByteParts(argument),
  $base64: (argument) => readByteParts(argument).toString("base64"),
  /** The argument with the number of the repetition, from 0. */
  $numbered: (argument, scope) => `${String(argument)}${scope.index}`,
  $index: (argument, scope) => Number(argument) + scope.index,
  $ref: (argument, scope) => {
    const name = String(argument);
    if (!scope.captures.has(name)) throw new KitError("wrong_case_file", `nothing was captured as ${name}`);
    return scope.captures.get(name);
  },
  $pid: (argument, scope) => {
    const pid = scope.pids.get(String(argument));
    if (pid === undefined) throw new KitError("wrong_case_file", `there is no process ${String(argument)}`);
    return pid;
  },
  $limit: (argument, scope) => readLimit(argument, scope),
};

/** Names of the placeholders that `fillIn` knows. */
export const PLACEHOLDER_NAMES: readonly string[] = Object.keys(PLACEHOLDERS);

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}

/** `name` of the limit, or `{name, divided_by, plus}`: floor(limit / divided_by) + plus. */
function readLimit(argument: unknown, scope: Scope): number {
  const { name, divided_by: divisor = 1, plus = 0 } = isRecord(argument) ? argument : { name: argument };
  const limit = scope.limits[String(name)];
  if (typeof limit !== "number") {
    throw new KitError(
      "wrong_case_file",
      `expected a limit ${String(name)} in the worker's hello, received none`,
    );
  }
  return Math.floor(limit / Number(divisor)) + Number(plus);
}

/** @returns the one key and argument of `{"$name": argument}`, null for anything else */
export function operatorOf(value: unknown): { readonly name: string; readonly argument: unknown } | null {
  if (!isRecord(value)) return null;
  const [entry, ...others] = Object.entries(value);
  if (entry === undefined || others.length > 0 || !entry[0].startsWith("$")) return null;
  return { name: entry[0], argument: entry[1] };
}

/**
 * Replaces the placeholders in `template`: `$bytes`, `$base64`, `$numbered`, `$index`, `$ref`, `$pid` and `$limit`.
 *
 * @throws {KitError} wrong_case_file for a placeholder that is unknown or stands for nothing
 */
export function fillIn(template: unknown, scope: Scope): unknown {
  if (Array.isArray(template)) return template.map((item) => fillIn(item, scope));
  if (!isRecord(template)) return template;
  const operator = operatorOf(template);
  if (operator !== null) {
    const placeholder = PLACEHOLDERS[operator.name];
    if (placeholder === undefined) {
      const known = PLACEHOLDER_NAMES.join(", ");
      throw new KitError("wrong_case_file", `expected one of ${known}, received ${operator.name}`);
    }
    return placeholder(operator.argument, scope);
  }
  return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, fillIn(value, scope)]));
}
