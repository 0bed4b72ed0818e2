import { once } from "node:events";

/** Time that an interrupted command has to end by itself before it is killed. */
const GRACE_MS = 5000;

/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();
let stopping = false;
let listening = false;

/** @param {NodeJS.Signals} signal */
function signalGroups(signal) {
  for (const { pid } of running) {
    try {
      if (pid !== undefined) process.kill(-pid, signal);
    } catch (error) {
      // The group is gone already: nothing is left to stop.
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
    }
  }
}

/** @param {number} exitCode */
async function stopAll(exitCode) {
  if (stopping) return;
  stopping = true;
  signalGroups("SIGTERM");
  const timer = setTimeout(() => signalGroups("SIGKILL"), GRACE_MS);
  await Promise.all([...running].map((child) => once(child, "close")));
  clearTimeout(timer);
  process.exit(exitCode);
}

function listen() {
  if (listening) return;
  listening = true;
  process.once("SIGHUP", () => stopAll(129));
  process.once("SIGINT", () => stopAll(130));
  process.once("SIGTERM", () => stopAll(143));
}

/**
 * Ends `child` and everything that it started when this process is told to end. The child must lead a process group of
 * its own (`detached: true`), because a compiler two levels below does not hear of a signal sent to its grandparent.
 *
 * @param {import("node:child_process").ChildProcess} child
 */
export function endWithParent(child) {
  listen();
  running.add(child);
  const forget = () => running.delete(child);
  child.once("close", forget);
  child.once("error", forget);
}

/** @returns {boolean} whether this process was told to end and is only waiting for its children */
export function isStopping() {
  return stopping;
}
