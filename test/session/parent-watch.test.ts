import { describe, expect, it } from "vitest";
import { createLog } from "../../src/log.js";
import { ParentWatch } from "../../src/session/parent-watch.js";
import { FakeClock } from "./fake-clock.js";

function setUp({ parentPid = 10, alive = [10] }: { parentPid?: number; alive?: number[] } = {}) {
  const state = { parentPid, alive: new Set(alive), gone: 0 };
  const clock = new FakeClock();
  const lines: string[] = [];
  const watch = new ParentWatch(
    { parentPid: () => state.parentPid, isAlive: (pid) => state.alive.has(pid) },
    clock,
    1000,
    createLog((line) => lines.push(line)),
    () => state.gone++,
  );
  watch.start();
  return { state, clock, watch, lines };
}

describe("ParentWatch", () => {
  it("notices at the next look that the process has another parent, and says so once", () => {
    const { state, clock } = setUp();
    clock.advance(10_000);
    expect(state.gone).toBe(0);
    state.parentPid = 1;
    clock.advance(1000);
    expect(state.gone).toBe(1);
    clock.advance(10_000);
    expect(state.gone).toBe(1);
  });

  it("watches the named process in place of the parent, which may be a launcher that has ended", () => {
    const { state, clock, watch } = setUp({ alive: [10, 55] });
    watch.watch(55);
    state.parentPid = 1;
    clock.advance(5000);
    expect(state.gone).toBe(0);
    state.alive.delete(55);
    clock.advance(1000);
    expect(state.gone).toBe(1);
  });

  it("sees the end of the parent it was named even while that is a zombie or its process id is used again", () => {
    const { state, clock, watch } = setUp();
    watch.watch(10);
    state.parentPid = 1;
    clock.advance(1000);
    expect(state.alive.has(10)).toBe(true);
    expect(state.gone).toBe(1);
  });

  it("keeps to the parent when the named process cannot be seen", () => {
    const { state, clock, watch, lines } = setUp();
    watch.watch(4242);
    clock.advance(5000);
    expect(state.gone).toBe(0);
    expect(lines.join()).toContain("pid=4242");
    state.parentPid = 1;
    clock.advance(1000);
    expect(state.gone).toBe(1);
  });

  it("looks no more once stopped", () => {
    const { state, clock, watch } = setUp();
    watch.stop();
    state.parentPid = 1;
    clock.advance(5000);
    expect([state.gone, clock.pending]).toEqual([0, 0]);
    expect(watch.isGone()).toBe(true);
  });
});
