import type { FleetPage } from "./fleet-page.js";

/**
 * Pages that have lost their worker, or found none with memory for them, by urgency and then by when they came. Those
 * that were at a worker when it was lost are suspects: each goes alone.
 */
export class WaitingPages {
  #pages: FleetPage[] = [];

  add(page: FleetPage): void {
    this.#pages.push(page);
  }

  remove(page: FleetPage): void {
    this.#pages = this.#pages.filter((other) => other !== page);
  }

  /** Whether a page of at least this priority waits that nothing is held against. */
  hasCleared(priority: number): boolean {
    return this.#pages.some((page) => !isSuspect(page) && page.priority >= priority);
  }

  get firstSuspect(): FleetPage | null {
    return this.#sorted(isSuspect)[0] ?? null;
  }

  /** Its priority; below every other when there is none. */
  get mostUrgentSuspect(): number {
    return this.firstSuspect?.priority ?? Number.NEGATIVE_INFINITY;
  }

  /** Removes and returns those that nothing is held against. */
  takeCleared(): FleetPage[] {
    return this.#take((page) => !isSuspect(page));
  }

  takeSuspects(): FleetPage[] {
    return this.#take(isSuspect);
  }

  takeAll(): FleetPage[] {
    return this.#take(() => true);
  }

  #sorted(matches: (page: FleetPage) => boolean): FleetPage[] {
    return this.#pages.filter(matches).sort((one, other) => other.priority - one.priority);
  }

  #take(matches: (page: FleetPage) => boolean): FleetPage[] {
    const taken = this.#sorted(matches);
    this.#pages = this.#pages.filter((page) => !matches(page));
    return taken;
  }
}

function isSuspect({ crashes }: FleetPage): boolean {
  return crashes > 0;
}
