import type { Writable } from "node:stream";
import { fuzzReader } from "./fuzz-reader.js";
import { fuzzWorker } from "./fuzz-worker.js";

export interface FuzzChoice {
  /** Mutated frames for a worker; null to fuzz the reader. */
  readonly fuzz: number | null;
  readonly fuzzReader: number | null;
  readonly seed: number;
  readonly jobs: number;
  readonly timeoutMs: number;
  readonly json: boolean;
}

/** @returns whether nothing was wrong */
export async function runFuzz(
  choice: FuzzChoice,
  command: readonly string[],
  output: Writable,
): Promise<boolean> {
  const start = performance.now();
  const { seed, jobs, timeoutMs } = choice;
  const { problems, ...counts } =
    choice.fuzz === null
      ? inProcess(choice.fuzzReader ?? 0, seed)
      : await fuzzWorker(command, { frames: choice.fuzz, seed, jobs, timeoutMs });
  const facts = { seed, ...counts, duration_ms: Math.round(performance.now() - start) };
  if (choice.json) {
    output.write(`${JSON.stringify({ conforms: problems.length === 0, ...facts, problems }, null, 2)}\n`);
  } else {
    const target = choice.fuzz === null ? "this package's reader, in this process" : "worker processes";
    output.write(
      `${problems.length === 0 ? "ok" : "FAILED"}: mutations for ${target}: ${JSON.stringify(facts)}\n`,
    );
    for (const problem of problems) output.write(`  ${problem}\n`);
  }
  return problems.length === 0;
}

function inProcess(streams: number, seed: number) {
  const { problem, ...counts } = fuzzReader(streams, seed);
  return { ...counts, problems: problem === null ? [] : [problem] };
}
