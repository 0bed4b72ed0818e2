/** Watches the events of a client for what must hold in every case: each request ends once, and nothing follows. */
export class TesteeLedger {
  /** What was wrong, in words. */
  readonly problems: string[] = [];
  /** Answers so far by key. */
  readonly #answers = new Map<string, number>();
  #hasClosed = false;

  asked(key: string): void {
    this.#answers.set(key, 0);
  }

  received({ event, key }: Readonly<Record<string, unknown>>): void {
    if (this.#hasClosed)
      this.problems.push(`expected closed as the last event, received ${String(event)} after it`);
    if (event === "closed") this.#hasClosed = true;
    if (event !== "result" && event !== "error" && event !== "progress") return;
    const answers = this.#answers.get(String(key));
    if (answers === undefined) {
      this.problems.push(`expected events of requests only, received ${event} for ${String(key)}`);
    } else if (event === "progress") {
      if (answers > 0) this.problems.push(`expected no progress of ${String(key)} after its end`);
    } else {
      this.#answers.set(String(key), answers + 1);
      if (answers > 0) this.problems.push(`expected one end of ${String(key)}, received ${answers + 1}`);
    }
  }

  /** To be called when the client has ended in order. */
  ended(): void {
    if (!this.#hasClosed) this.problems.push("expected the event closed, received the end of the client");
    for (const [key, answers] of this.#answers) {
      if (answers === 0) this.problems.push(`expected a result or an error of ${key}, received neither`);
    }
  }
}
