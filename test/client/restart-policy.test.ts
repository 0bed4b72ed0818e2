import { describe, expect, it } from "vitest";
import { DEFAULT_RESTART_OPTIONS, RestartPolicy } from "../../src/client/restart-policy.js";

describe("the wait before a restart", () => {
  it.each([
    [0, 0.75],
    [0.5, 1],
    [1, 1.25],
  ])("is spread by chance: %s of the way gives %s of it", (random, share) => {
    const policy = new RestartPolicy(DEFAULT_RESTART_OPTIONS, () => random);
    expect(policy.recordCrash(0, 0)).toBe(250 * share);
    expect(policy.recordCrash(1, 0)).toBe(500 * share);
  });

  it("is never longer than the longest, chance included", () => {
    const policy = new RestartPolicy({ ...DEFAULT_RESTART_OPTIONS, maxCrashes: 100 }, () => 1);
    const waits = Array.from({ length: 20 }, (_, i) => policy.recordCrash(i, 0));
    expect(Math.max(...waits.map(Number))).toBe(8_000);
  });
});

describe("the circuit", () => {
  it("opens at the fifth crash within the window, not when the first is exactly as old as that", () => {
    const policy = new RestartPolicy(DEFAULT_RESTART_OPTIONS, () => 0.5);
    for (const at of [0, 1, 2, 3]) expect(policy.recordCrash(at, 0)).not.toBeNull();
    expect(policy.recordCrash(180_000, 0)).not.toBeNull();
    expect(policy.recordCrash(180_000, 0)).toBeNull();
  });

  it("is closed by reset, which forgets every crash", () => {
    const policy = new RestartPolicy(DEFAULT_RESTART_OPTIONS, () => 0.5);
    for (const at of [0, 1, 2, 3, 4]) policy.recordCrash(at, 0);
    policy.reset();
    expect(policy.recordCrash(5, 0)).toBe(250);
  });
});
