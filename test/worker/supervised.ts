import { setTimeout as delay } from "node:timers/promises";

/** Reads a supervisor's log, in JSON, as it comes. */
export class SupervisorLog {
  readonly lines: Record<string, unknown>[] = [];
  #waiting: (() => void)[] = [];

  add(line: string): void {
    this.lines.push(JSON.parse(line) as Record<string, unknown>);
    for (const look of this.#waiting.splice(0)) look();
  }

  /** The supervisor's own lines of this message about a worker; its workers' lines have that field, too. */
  about(message: string, worker?: string): readonly Record<string, unknown>[] {
    return this.lines.filter(
      (line) => line.message === message && (worker === undefined || line.worker === worker),
    );
  }

  /** Process ids of the workers that have been ready, by name, the present one last. */
  pids(worker: string): readonly number[] {
    return this.about("a worker is ready", worker).map(({ pid }) => pid as number);
  }

  get allPids(): readonly number[] {
    return this.about("a worker is ready").map(({ pid }) => pid as number);
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

export async function untilGone(pids: readonly number[]): Promise<void> {
  while (pids.some(isAlive)) await delay(20);
}
