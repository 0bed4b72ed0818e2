import { readFileSync } from "node:fs";
import type { ParentProbe } from "../session/parent-watch.js";

/** A process that has ended stays a zombie, which can still be signalled, until its own parent asks for its end. */
function isZombie(pid: number): boolean {
  try {
    // "pid (name) state ...", where the name may hold anything, parentheses too.
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return /^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    // Without /proc a zombie counts as alive; the end of the input still tells.
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // A process of somebody else cannot be signalled, but it is there.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return !isZombie(pid);
}

/** The processes of this machine. */
export const SYSTEM_PROCESSES: ParentProbe = { parentPid: () => process.ppid, isAlive };
