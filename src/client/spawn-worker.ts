import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../package-root.js";
import { PROGRAM_NAME, PROGRAM_VERSION } from "../version.js";
import { WorkerConnection } from "./worker-connection.js";

export interface SpawnedWorker {
  readonly connection: WorkerConnection;
  readonly process: ChildProcess;
  /** Exit code and signal; settles once the process is gone and its streams are read. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/**
 * Starts this package's worker as a child process and says hello to it.
 *
 * @param args options of the `worker` command
 * @param stderr where the worker's log goes
 */
export function spawnWorker(
  args: readonly string[],
  stderr: "inherit" | "ignore" | "pipe" = "inherit",
): SpawnedWorker {
  const cli = join(PACKAGE_ROOT, "dist", "src", "main.cjs");
  const child = spawn(process.execPath, [cli, "worker", ...args], { stdio: ["pipe", "pipe", stderr] });
  const { stdin: toWorker, stdout: fromWorker } = child;
  if (toWorker === null || fromWorker === null)
    throw new Error("expected pipes to the worker, received none");
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  const connection = new WorkerConnection(fromWorker, toWorker, {
    name: PROGRAM_NAME,
    version: PROGRAM_VERSION,
  });
  return { connection, process: child, exited };
}
