import { afterEach } from "vitest";
import { RawWorker, TEST_WORKER } from "./worker.js";

export interface WorkerPool {
  /** The program itself, by default on the CPU. */
  start(args?: readonly string[], env?: NodeJS.ProcessEnv): RawWorker;
  /** The worker that does on purpose what a real one does rarely. */
  startTestWorker(...args: readonly string[]): RawWorker;
}

/** Workers of a test file; none outlives the test that started it. To be called once, outside of tests. */
export function workerPool(): WorkerPool {
  const started: RawWorker[] = [];
  afterEach(async () => {
    const workers = started.splice(0);
    for (const worker of workers) worker.process.kill("SIGKILL");
    await Promise.all(workers.map((worker) => worker.ended));
  });
  const keep = (worker: RawWorker): RawWorker => {
    started.push(worker);
    return worker;
  };
  return {
    start: (args, env) => keep(new RawWorker(args, env)),
    startTestWorker: (...args) => keep(new RawWorker(args, {}, TEST_WORKER)),
  };
}
