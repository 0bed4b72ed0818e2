import { spawn } from "node:child_process";
import { mkdir, open } from "node:fs/promises";
import path from "node:path";
import { endWithParent, isStopping } from "./children.mjs";
import { holdLock, releaseLock } from "./held-locks.mjs";

/** What `flock --nonblock` exits with when somebody else holds the lock. */
const TAKEN = 1;

/**
 * flock(1) locks an open file, not a process: called on a descriptor of this process it leaves the lock with this
 * process, and the kernel gives the lock back when the last process that has the file open ends, however it ends.
 *
 * @param {number} descriptor
 * @param {string[]} flags
 * @returns {Promise<{ status: number | null, problem: string }>} status null: flock(1) could not be started
 */
function flock(descriptor, flags) {
  return new Promise((resolve) => {
    const child = spawn("flock", ["-x", ...flags, "3"], {
      detached: true,
      stdio: ["ignore", "ignore", "pipe", descriptor],
    });
    endWithParent(child);
    let problem = "";
    child.stderr?.on("data", (text) => {
      problem += text;
    });
    child.once("error", (error) => resolve({ status: null, problem: error.message }));
    child.once("close", (status) => {
      // Interrupted while waiting: the work must not begin without the lock.
      if (!isStopping()) resolve({ status, problem: problem.trim() });
    });
  });
}

/**
 * Runs `work` while holding an exclusive lock on `file`, waiting for other holders first. Where locking is impossible
 * (no flock(1), a file system without locks) it says so and runs `work` without.
 *
 * @template Result
 * @param {string} file created when absent, never removed: removing it would let two holders lock two different files
 * @param {{ onWait: () => void, onUnlocked: (reason: string) => void }} events
 * @param {() => Promise<Result>} work
 * @returns {Promise<Result>}
 */
export async function withLock(file, { onWait, onUnlocked }, work) {
  await mkdir(path.dirname(file), { recursive: true });
  const handle = await open(file, "a");
  try {
    let outcome = await flock(handle.fd, ["-n"]);
    if (outcome.status === TAKEN) {
      onWait();
      outcome = await flock(handle.fd, []);
    }
    if (outcome.status !== 0) {
      onUnlocked(outcome.problem || `flock ended with ${outcome.status}`);
      return await work();
    }
    holdLock(handle.fd);
    try {
      return await work();
    } finally {
      releaseLock(handle.fd);
    }
  } finally {
    await handle.close();
  }
}
