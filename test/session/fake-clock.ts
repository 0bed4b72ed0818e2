import type { Clock } from "../../src/session/clock.js";

interface Appointment {
  readonly at: number;
  readonly action: () => void;
}

/** Time that passes when the test says so. */
export class FakeClock implements Clock {
  #now = 1000;
  readonly #appointments = new Set<Appointment>();

  now(): number {
    return this.#now;
  }

  after(ms: number, action: () => void): () => void {
    const appointment = { at: this.#now + ms, action };
    this.#appointments.add(appointment);
    return () => this.#appointments.delete(appointment);
  }

  /** Timers that have not fired. */
  get pending(): number {
    return this.#appointments.size;
  }

  /** Lets `ms` milliseconds pass, firing what is due in order. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let due = this.#nextUntil(end); due !== null; due = this.#nextUntil(end)) {
      this.#appointments.delete(due);
      this.#now = due.at;
      due.action();
    }
    this.#now = end;
  }

  #nextUntil(end: number): Appointment | null {
    const due = [...this.#appointments].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
    return due[0] ?? null;
  }
}
