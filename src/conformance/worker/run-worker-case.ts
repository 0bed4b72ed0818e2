import type { WorkerCase, WorkerStep } from "../cases/case-schema.js";
import { StepFailed } from "../engine/expectations.js";
import { frameOf, packMessage } from "../engine/message-bytes.js";
import { WorkerProcess } from "./worker-process.js";
import { endWithin, WorkerSteps } from "./worker-steps.js";

/** How the kit ends a worker whose case does not say how it ends. */
const SHUTDOWN = frameOf(packMessage({ t: "shutdown", mode: "now", grace_ms: 0 }));

/**
 * Runs one case against a new process of `command`.
 *
 * @param timeoutMs how long one step may take that does not say so itself
 * @returns what was wrong, in words; empty when the worker conforms
 * @throws {KitError} wrong_case_file
 */
export async function runWorkerCase(
  { steps }: WorkerCase,
  command: readonly string[],
  timeoutMs: number,
): Promise<string[]> {
  const worker = new WorkerProcess(command, timeoutMs);
  const player = new WorkerSteps(worker, timeoutMs);
  const problems: string[] = [];
  try {
    await player.play(steps);
    if (!steps.some(isExit)) await endOrderly(worker, timeoutMs);
    worker.ledger.ended(
      await worker.ended,
      steps.some((step) => isExit(step) && step.abrupt === true),
    );
  } catch (thrown) {
    if (!(thrown instanceof StepFailed)) throw thrown;
    problems.push(thrown.message);
  } finally {
    await player.dispose();
    await worker.dispose();
  }
  problems.push(...worker.ledger.problems);
  if (problems.length > 0 && worker.stderr !== "")
    problems.push(`standard error ends with: ${worker.stderr}`);
  return problems;
}

function isExit(step: WorkerStep): step is Extract<WorkerStep, { do: "expect_exit" }> {
  return step.do === "expect_exit";
}

async function endOrderly(worker: WorkerProcess, timeoutMs: number): Promise<void> {
  await worker.write(SHUTDOWN);
  const { exitCode } = await endWithin(worker, timeoutMs);
  if (exitCode !== 0) {
    throw new StepFailed(`expected exit code 0 after shutdown, received ${worker.describeEnd()}`);
  }
}
