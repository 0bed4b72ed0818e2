import type { ChildProcess } from "node:child_process";

const groups = new Set<number>();
let isWatching = false;

function killAll(): void {
  for (const pid of groups) {
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // It has ended meanwhile.
    }
  }
}

/**
 * Sees to it that a detached child does not outlive the kit.
 *
 * @returns to be called when the child has ended
 */
export function trackChild(child: ChildProcess): () => void {
  const { pid } = child;
  if (pid === undefined) return () => undefined;
  if (!isWatching) {
    isWatching = true;
    process.on("exit", killAll);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.once(signal, () => {
        killAll();
        process.kill(process.pid, signal);
      });
    }
  }
  groups.add(pid);
  return () => groups.delete(pid);
}
