import { describe, expect, it } from "vitest";
import { Liveness } from "../../src/client/liveness.js";
import { FakeClock } from "../session/fake-clock.js";

function watch() {
  const clock = new FakeClock();
  const seen = { pings: 0, hung: 0, busy: true };
  const liveness = new Liveness({
    clock,
    limits: { pingIntervalMs: 100, pongLimitMs: 1_000 },
    isBusy: () => seen.busy,
    ping: () => seen.pings++,
    onHung: () => seen.hung++,
  });
  return { clock, seen, liveness };
}

describe("Liveness", () => {
  it("pings at its interval for as long as there is work", () => {
    const { clock, seen, liveness } = watch();
    for (let round = 1; round <= 3; round++) {
      liveness.wake();
      clock.advance(100);
      expect(seen.pings).toBe(round);
      liveness.heard();
    }
    seen.busy = false;
    clock.advance(10_000);
    expect(seen).toMatchObject({ pings: 3, hung: 0 });
    expect(clock.pending).toBe(0);
  });

  it("reports silence after a ping once", () => {
    const { clock, seen, liveness } = watch();
    liveness.wake();
    clock.advance(1_100);
    liveness.heard();
    expect(seen).toMatchObject({ pings: 1, hung: 1 });
  });

  it("does not take its own late timer for a silent worker: this process was blocked", () => {
    const { clock, seen, liveness } = watch();
    const timers: (() => void)[] = [];
    clock.after = (_ms, action) => {
      timers.push(action);
      return () => undefined;
    };
    liveness.wake();
    timers.shift()?.();
    clock.advance(2_001);
    timers.shift()?.();
    expect(seen.hung).toBe(0);
    clock.advance(1_000);
    timers.shift()?.();
    expect(seen.hung).toBe(1);
  });

  it("stays silent once it is stopped", () => {
    const { clock, seen, liveness } = watch();
    liveness.wake();
    liveness.stop();
    clock.advance(10_000);
    expect(seen).toMatchObject({ pings: 0, hung: 0 });
  });
});
