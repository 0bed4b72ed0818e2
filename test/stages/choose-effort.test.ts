import { describe, expect, it } from "vitest";
import { chooseEffort } from "../../src/stages/choose-effort.js";

const [PREFETCH, NORMAL, VISIBLE] = [0, 1, 2];
const load = (busy: number, waiting = 0, encoders = 16) => ({ encoders, busy, waiting });

describe("chooseEffort", () => {
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
