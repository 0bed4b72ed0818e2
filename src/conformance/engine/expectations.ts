import type { Scope } from "../cases/template.js";
import type { Inbox } from "./inbox.js";
import { matches, show } from "./pattern.js";

/** A step that did not go as the case says. */
export class StepFailed extends Error {
  override readonly name = "StepFailed";
}

const SHOWN_ITEMS = 4;

/** What a case expects of the messages that come, each of which can be taken once. */
export class Expectations<Item> {
  readonly #inbox: Inbox<Item>;
  readonly #scope: Scope;
  readonly #describeEnd: () => string;
  readonly #taken = new Set<number>();

  /** @param describeEnd why nothing more can come, for messages to people */
  constructor(inbox: Inbox<Item>, scope: Scope, describeEnd: () => string) {
    this.#inbox = inbox;
    this.#scope = scope;
    this.#describeEnd = describeEnd;
  }

  /**
   * Takes the next one that matches, waiting for it; the others stay for later.
   *
   * @throws {StepFailed} when it does not come
   */
  async take(pattern: unknown, withinMs: number): Promise<Item> {
    const position = await this.#find(pattern, withinMs);
    if (position === null) throw this.#missing(pattern, withinMs);
    this.#taken.add(position);
    return this.#inbox.items[position] as Item;
  }

  /** @returns whether the one at `position` was still to be taken */
  claim(position: number): boolean {
    if (this.#taken.has(position)) return false;
    this.#taken.add(position);
    return true;
  }

  /** @throws {StepFailed} when one comes, or has come and was not taken */
  async refuse(pattern: unknown, forMs: number): Promise<void> {
    const position = await this.#find(pattern, forMs);
    if (position === null) return;
    throw new StepFailed(`expected no ${show(pattern)}, received ${show(this.#inbox.items[position])}`);
  }

  /** @throws {StepFailed} when they do not come, or not one after the other */
  async inOrder(patterns: readonly unknown[], withinMs: number): Promise<void> {
    let next = 0;
    for (const [index, pattern] of patterns.entries()) {
      const accepts = (item: Item) => matches(pattern, item, this.#scope);
      const position = await this.#inbox.find(accepts, withinMs, next);
      if (position === null) {
        throw this.#missing(pattern, withinMs, index === 0 ? "" : ` after ${show(patterns[index - 1])}`);
      }
      next = position + 1;
    }
  }

  #find(pattern: unknown, withinMs: number): Promise<number | null> {
    return this.#inbox.find(
      async (item, position) => !this.#taken.has(position) && matches(pattern, item, this.#scope),
      withinMs,
    );
  }

  #missing(pattern: unknown, withinMs: number, where = ""): StepFailed {
    const { items, isClosed } = this.#inbox;
    const received = items.length === 0 ? "nothing" : items.slice(-SHOWN_ITEMS).map(show).join(", ");
    const end = isClosed ? `, then ${this.#describeEnd()}` : ` within ${withinMs} ms`;
    return new StepFailed(`expected ${show(pattern)}${where}, received ${received}${end}`);
  }
}
