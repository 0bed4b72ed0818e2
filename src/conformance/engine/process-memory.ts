import { readFileSync } from "node:fs";

/** @returns resident memory in MiB; null where the system does not tell or the process is gone */
export function residentMb(pid: number | undefined): number | null {
  try {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kib === undefined ? null : Number(kib) / 1024;
  } catch {
    return null;
  }
}
