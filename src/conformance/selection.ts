import { readFileSync } from "node:fs";
import { messageOf } from "../errors.js";
import type { Level } from "./cases/case-schema.js";
import { KitError } from "./kit-error.js";

/** What the runner needs to know of a case of either kind. */
export interface Listed {
  readonly id: string;
  readonly level: Level;
}

export interface Selection {
  /** Parts of ids, separated by commas; null for all. */
  readonly filter: string | null;
  /** `recommended` includes the required ones. */
  readonly level: Level;
}

/** @throws {KitError} wrong_arguments when nothing is left: a run of no cases would look green */
export function select<Case extends Listed>(cases: readonly Case[], { filter, level }: Selection): Case[] {
  const parts = filter?.split(",") ?? [""];
  const chosen = cases.filter(({ id, level: own }) => {
    return parts.some((part) => id.includes(part)) && (level === "recommended" || own === "required");
  });
  if (chosen.length === 0) {
    throw new KitError("wrong_arguments", `expected part of a case's id for --filter, received ${filter}`);
  }
  return chosen;
}

/**
 * Reads a list of cases that are expected to fail: an id a line, `#` starts a comment.
 *
 * @throws {KitError} wrong_list when the file cannot be read, or names what is no case
 */
export function readExpectedFailures(path: string, cases: readonly Listed[]): ReadonlySet<string> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new KitError(
      "wrong_list",
      `expected a list of ids in --expected-failures, received ${messageOf(cause)}`,
      {
        cause,
      },
    );
  }
  const known = new Set(cases.map(({ id }) => id));
  const ids = text
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "");
  for (const id of ids) {
    if (!known.has(id)) throw new KitError("wrong_list", `expected ids of cases in ${path}, received ${id}`);
  }
  return new Set(ids);
}
