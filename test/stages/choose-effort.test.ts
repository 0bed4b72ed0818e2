import { describe, expect, it } from "vitest";
import { EffortChoice } from "../../src/stages/choose-effort.js";
import type { EncoderLoad } from "../../src/stages/encoders.js";

const [PREFETCH, NORMAL, VISIBLE] = [0, 1, 2];
const load = (busy: number, waiting = 0, encoders = 16) => ({ encoders, busy, waiting });

/** By somebody who has seen nothing before. */
const chooseEffort = (found: EncoderLoad, priority: number) =>
  new EffortChoice().choose(found, priority, false);

describe("the effort of a page", () => {
  it("is 0 for a page that is seen, whatever the encoders do", () => {
    for (const busy of [0, 8, 16]) expect(chooseEffort(load(busy), VISIBLE)).toBe(0);
  });

  it("is 0 while encoders are what pages wait for", () => {
    for (const priority of [PREFETCH, NORMAL]) {
      expect(chooseEffort(load(15), priority)).toBe(0);
      expect(chooseEffort(load(12), priority)).toBe(0);
      expect(chooseEffort(load(1, 14), priority)).toBe(0);
    }
  });

  it("grows while encoders idle, most for a page that nobody waits for", () => {
    expect(chooseEffort(load(0), NORMAL)).toBe(2);
    expect(chooseEffort(load(11), NORMAL)).toBe(2);
    expect(chooseEffort(load(0), PREFETCH)).toBe(3);
    expect(chooseEffort(load(7), PREFETCH)).toBe(3);
    expect(chooseEffort(load(8), PREFETCH)).toBe(2);
  });

  it("never grows with the load, on any machine", () => {
    for (const encoders of [1, 2, 3, 4, 8, 64]) {
      for (const priority of [PREFETCH, NORMAL, VISIBLE]) {
        const efforts = Array.from({ length: encoders + 3 }, (_, busy) =>
          chooseEffort(load(Math.min(busy, encoders), Math.max(0, busy - encoders), encoders), priority),
        );
        expect(efforts).toEqual([...efforts].sort((a, b) => b - a));
        expect(efforts.at(-1)).toBe(0);
      }
    }
  });

  it("leaves the one of two encoders that is free its time", () => {
    expect(chooseEffort(load(0, 0, 2), NORMAL)).toBe(2);
    expect(chooseEffort(load(1, 0, 2), NORMAL)).toBe(0);
  });
});

describe("the effort of a burst's pages", () => {
  /** A burst that fills the encoders one by one and keeps them full; the stages before are full all the while. */
  function burst(choice: EffortChoice, pages: number, { most = 15, priority = NORMAL } = {}): number[] {
    return Array.from({ length: pages }, (_, page) =>
      choice.choose(load(Math.min(page, most)), priority, true),
    );
  }

  it("is chosen by the encoders alone as long as no burst was seen", () => {
    expect(burst(new EffortChoice(), 16)).toEqual([...Array(12).fill(2), 0, 0, 0, 0]);
  });

  it("is 0 from the first page on where bursts before have kept the encoders busy", () => {
    const choice = new EffortChoice();
    burst(choice, 200);
    expect(burst(choice, 16)).toEqual(Array(16).fill(0));
    expect(choice.choose(load(0), PREFETCH, true)).toBe(0);
  });

  it("does not depend on bursts before once nothing comes behind", () => {
    const choice = new EffortChoice();
    burst(choice, 200);
    expect(choice.choose(load(3), NORMAL, false)).toBe(2);
    expect(choice.choose(load(0), PREFETCH, false)).toBe(3);
  });

  it("is that of idle encoders where an engine is slower than they are, also after one that was not", () => {
    const choice = new EffortChoice();
    expect(burst(choice, 200, { most: 5 })).toEqual(Array(200).fill(2));
    burst(choice, 200);
    expect(burst(choice, 200, { most: 5 }).slice(-150)).toEqual(Array(150).fill(2));
    expect(burst(choice, 200, { most: 5, priority: PREFETCH }).at(-1)).toBe(3);
  });

  it("is not lowered by a rare page that found all encoders at work", () => {
    const choice = new EffortChoice();
    const efforts = Array.from({ length: 100 }, (_, page) =>
      choice.choose(load(page % 8 === 7 ? 1 : 0, 0, 2), NORMAL, true),
    );
    expect(efforts.filter((effort) => effort === 0).length).toBe(12);
  });
});
