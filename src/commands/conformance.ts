import os from "node:os";
import type { Writable } from "node:stream";
import { EXIT, type ExitCode } from "../../protocol/error-codes.js";
import type { Level } from "../conformance/cases/case-schema.js";
import { CASE_FOLDER, loadClientCases, loadWorkerCases } from "../conformance/cases/load-cases.js";
import { runClientCase } from "../conformance/client/run-client-case.js";
import { requireProgram } from "../conformance/engine/require-program.js";
import { runFuzz } from "../conformance/fuzz/run-fuzz.js";
import { KitError } from "../conformance/kit-error.js";
import { JsonReporter, TextReporter } from "../conformance/report.js";
import { isGreen, runCases, type Skipped } from "../conformance/run-cases.js";
import { type Listed, readExpectedFailures, select } from "../conformance/selection.js";
import { runWorkerCase } from "../conformance/worker/run-worker-case.js";

const MOST_JOBS = 8;

/** What the command line says about a run of the conformance kit. */
export interface ConformanceChoice {
  readonly worker: boolean;
  readonly client: boolean;
  /** Parts of the ids of the cases to run, separated by commas; null for all. */
  readonly filter: string | null;
  readonly level: Level;
  readonly json: boolean;
  /** File with ids. */
  readonly expectedFailures: string | null;
  readonly timeoutMs: number;
  /** Cases at once; null for one a core. */
  readonly jobs: number | null;
  /** Folder with `worker/` and `client/`; null for the cases of the package. */
  readonly cases: string | null;
  /** Mutated frames for the worker. */
  readonly fuzz: number | null;
  /** Mutated streams for this package's own reader. */
  readonly fuzzReader: number | null;
  readonly seed: number;
}

/**
 * Holds a worker or a client against the protocol.
 *
 * @param command the program under test and its arguments
 */
export async function runConformance(
  choice: ConformanceChoice,
  command: readonly string[],
  output: Writable,
): Promise<ExitCode> {
  try {
    checkChoice(choice, command);
    const isFuzz = choice.fuzz !== null || choice.fuzzReader !== null;
    const conforms = isFuzz
      ? await runFuzz({ ...choice, jobs: jobsOf(choice) }, command, output)
      : await runAll(choice, command, output);
    await flush(output);
    return conforms ? EXIT.ok : EXIT.failure;
  } catch (thrown) {
    if (!(thrown instanceof KitError)) throw thrown;
    process.stderr.write(`error: ${thrown.message}\n`);
    return EXIT.usage;
  }
}

/** The process ends right after the command, whatever is unwritten by then. */
function flush(output: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write("", (error) => (error ? reject(error) : resolve()));
  });
}

function checkChoice(
  { worker, client, fuzz, fuzzReader }: ConformanceChoice,
  command: readonly string[],
): void {
  if (worker && client) {
    throw new KitError("wrong_arguments", "expected either --worker or --client, received both");
  }
  if (fuzzReader !== null && (worker || client || fuzz !== null || command.length > 0)) {
    throw new KitError("wrong_arguments", "expected --fuzz-reader without a command, received one");
  }
  if (fuzzReader !== null) return;
  if (!worker && !client) {
    throw new KitError("wrong_arguments", "expected --worker COMMAND or --client COMMAND, received neither");
  }
  if (fuzz !== null && client) {
    throw new KitError("wrong_arguments", "expected --worker with --fuzz, received --client");
  }
  requireProgram(command);
}

function runAll(choice: ConformanceChoice, command: readonly string[], output: Writable): Promise<boolean> {
  const folder = choice.cases ?? CASE_FOLDER;
  return choice.worker
    ? run(choice, output, loadWorkerCases(folder), (one) => runWorkerCase(one, command, choice.timeoutMs))
    : run(choice, output, loadClientCases(folder), (one) => runClientCase(one, command, choice.timeoutMs));
}

async function run<Case extends Listed>(
  choice: ConformanceChoice,
  output: Writable,
  cases: readonly Case[],
  runCase: (one: Case) => Promise<readonly string[] | Skipped>,
): Promise<boolean> {
  const list = choice.expectedFailures;
  const expectedFailures = list === null ? new Set<string>() : readExpectedFailures(list, cases);
  const reporter = choice.json ? new JsonReporter(output) : new TextReporter(output);
  const outcomes = await runCases({
    cases: select(cases, choice),
    run: runCase,
    expectedFailures,
    jobs: jobsOf(choice),
    onOutcome: (outcome) => reporter.onOutcome(outcome),
  });
  reporter.finish(outcomes);
  return isGreen(outcomes);
}

function jobsOf({ jobs }: ConformanceChoice): number {
  return jobs ?? Math.min(os.availableParallelism(), MOST_JOBS);
}
