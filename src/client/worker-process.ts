import { type ChildProcess, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { readLines } from "./read-lines.js";

/** How a worker's process ended; both null for a worker that the client does not own, or that never started. */
export interface WorkerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why no process could be started. */
  readonly spawnError?: Error;
}

/** A worker's two streams and, where the client owns it, its process. */
export interface WorkerHandle {
  readonly toWorker: Writable;
  readonly fromWorker: Readable;
  /** The process that the worker has to watch; null: only the end of its input tells it. */
  readonly parentPid: number | null;
  /** Settles when the process is gone; its output may hold unread bytes then. Never rejects. */
  readonly exited: Promise<WorkerExit>;
  /** Ends the worker at once, whatever it is doing. */
  kill(): void;
}

/** Starts a worker; called again for each replacement. */
export type StartWorker = () => WorkerHandle;

export interface WorkerCommand {
  readonly command: string;
  readonly args?: readonly string[];
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Where the worker's log goes; a function receives it line by line, without line feeds. */
  readonly stderr?: "inherit" | "ignore" | ((line: string) => void);
}

const children = new Set<ChildProcess>();

function killChildren(): void {
  for (const child of children) child.kill("SIGKILL");
}

/** One listener for all children: many clients in one process must not look like a leak of listeners. */
function killOnExit(child: ChildProcess): void {
  if (children.size === 0) process.on("exit", killChildren);
  children.add(child);
  const forget = () => {
    children.delete(child);
    if (children.size === 0) process.off("exit", killChildren);
  };
  child.once("exit", forget);
  child.once("error", forget);
}

/** Starts a process as a worker; it is killed when this process exits. */
export function spawnWorkerProcess({ command, args = [], env, cwd, stderr }: WorkerCommand): WorkerHandle {
  const child = spawn(command, args, {
    stdio: ["pipe", "pipe", typeof stderr === "function" ? "pipe" : (stderr ?? "inherit")],
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  killOnExit(child);
  const { stdin: toWorker, stdout: fromWorker } = child;
  if (toWorker === null || fromWorker === null) {
    throw new Error("expected pipes to the worker, received none");
  }
  if (typeof stderr === "function" && child.stderr !== null) readLines(child.stderr, stderr);
  const exited = new Promise<WorkerExit>((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
    // Also emitted when a signal cannot be delivered; then the exit still comes, unless there never was a process.
    child.on("error", (spawnError) => {
      if (child.pid === undefined) resolve({ code: null, signal: null, spawnError });
    });
  });
  return { toWorker, fromWorker, parentPid: process.pid, exited, kill: () => void child.kill("SIGKILL") };
}

/** The streams of a worker that somebody else has started. */
export function attachWorker(fromWorker: Readable, toWorker: Writable): WorkerHandle {
  const exited = new Promise<WorkerExit>((resolve) => {
    const end = () => resolve({ code: null, signal: null });
    fromWorker.once("end", end).once("close", end);
  });
  const kill = () => {
    fromWorker.destroy();
    toWorker.destroy();
  };
  return { toWorker, fromWorker, parentPid: null, exited, kill };
}
