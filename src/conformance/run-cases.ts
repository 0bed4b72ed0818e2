import type { Level } from "./cases/case-schema.js";
import type { Listed } from "./selection.js";

export type Status = "passed" | "failed" | "failed as expected" | "passed unexpectedly" | "skipped";

export interface Outcome {
  readonly id: string;
  readonly level: Level;
  readonly status: Status;
  /** What was wrong, or why the case was skipped. */
  readonly problems: readonly string[];
  readonly durationMs: number;
}

/** A case that does not apply to the program under test. */
export class Skipped {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

export interface RunOptions<Case extends Listed> {
  readonly cases: readonly Case[];
  readonly run: (one: Case) => Promise<readonly string[] | Skipped>;
  readonly expectedFailures: ReadonlySet<string>;
  /** Cases that run at once. */
  readonly jobs: number;
  /** Receives each outcome when it is there, so not in the order of the cases. */
  readonly onOutcome: (outcome: Outcome) => void;
}

/** @returns the outcomes in the order of the cases */
export async function runCases<Case extends Listed>(options: RunOptions<Case>): Promise<Outcome[]> {
  const { cases, jobs } = options;
  const outcomes: Outcome[] = [];
  let next = 0;
  const takeNext = async () => {
    for (let index = next++; index < cases.length; index = next++) {
      const outcome = await runOne(cases[index] as Case, options);
      outcomes[index] = outcome;
      options.onOutcome(outcome);
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, cases.length) }, takeNext));
  return outcomes;
}

async function runOne<Case extends Listed>(
  one: Case,
  { run, expectedFailures }: RunOptions<Case>,
): Promise<Outcome> {
  const start = performance.now();
  const found = await run(one);
  const durationMs = Math.round(performance.now() - start);
  const { id, level } = one;
  if (found instanceof Skipped) return { id, level, status: "skipped", problems: [found.reason], durationMs };
  return {
    id,
    level,
    status: judge(found.length > 0, expectedFailures.has(id)),
    problems: found,
    durationMs,
  };
}

function judge(hasFailed: boolean, wasExpected: boolean): Status {
  if (hasFailed) return wasExpected ? "failed as expected" : "failed";
  return wasExpected ? "passed unexpectedly" : "passed";
}

/** Whether the program under test conforms; a list of expected failures that is out of date does not pass either. */
export function isGreen(outcomes: readonly Outcome[]): boolean {
  return outcomes.every(({ status }) => status !== "failed" && status !== "passed unexpectedly");
}
