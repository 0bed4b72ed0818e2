import type { Writable } from "node:stream";
import { isGreen, type Outcome, type Status } from "./run-cases.js";

const MARKS: Readonly<Record<Status, string>> = {
  passed: "ok      ",
  failed: "FAILED  ",
  "failed as expected": "expected",
  "passed unexpectedly": "STALE   ",
  skipped: "skipped ",
};

/** Tells how a run of cases goes. */
export interface Reporter {
  onOutcome(outcome: Outcome): void;
  /** To be called once, with all of them. */
  finish(outcomes: readonly Outcome[]): void;
}

function countStatuses(outcomes: readonly Outcome[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status } of outcomes) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** A line for each case as it ends, what was wrong below it, and a summary. */
export class TextReporter implements Reporter {
  readonly #output: Writable;

  constructor(output: Writable) {
    this.#output = output;
  }

  onOutcome({ id, level, status, problems, durationMs }: Outcome): void {
    const note = level === "recommended" ? " (recommended)" : "";
    const lines = [`${MARKS[status]} ${id}${note} ${durationMs} ms`];
    for (const problem of problems) lines.push(`         ${problem.replaceAll("\n", "\n         ")}`);
    if (status === "passed unexpectedly")
      lines.push("         expected to fail, but it passes: take it off the list");
    this.#output.write(`${lines.join("\n")}\n`);
  }

  finish(outcomes: readonly Outcome[]): void {
    const counts = Object.entries(countStatuses(outcomes)).map(([status, count]) => `${count} ${status}`);
    this.#output.write(`\n${isGreen(outcomes) ? "conforms" : "does not conform"}: ${counts.join(", ")}\n`);
  }
}

/** One JSON document at the end. */
export class JsonReporter implements Reporter {
  readonly #output: Writable;

  constructor(output: Writable) {
    this.#output = output;
  }

  onOutcome(): void {}

  finish(outcomes: readonly Outcome[]): void {
    const cases = outcomes.map(({ durationMs, ...outcome }) => ({ ...outcome, duration_ms: durationMs }));
    const document = { conforms: isGreen(outcomes), counts: countStatuses(outcomes), cases };
    this.#output.write(`${JSON.stringify(document, null, 2)}\n`);
  }
}
