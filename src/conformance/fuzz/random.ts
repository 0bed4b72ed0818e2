/** A seeded generator of integers (xorshift32 of Marsaglia, "Xorshift RNGs", 2003), so that a run can be repeated. */
export class Random {
  #state: number;

  constructor(seed: number) {
    // Spreads neighbouring seeds apart, and keeps the state off zero, which would stay there.
    this.#state = Math.imul(seed ^ 0x9e37_79b9, 0x85eb_ca6b) >>> 0 || 1;
    for (let round = 0; round < 8; round++) this.below(2);
  }

  /** @returns an integer from 0 to `below` - 1 */
  below(below: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return Math.floor((this.#state / 0x1_0000_0000) * below);
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item;
  }

  /** @returns true once in `times` */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }
}
