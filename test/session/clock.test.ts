import { expect, it } from "vitest";
import { systemClock } from "../../src/session/clock.js";

it("systemClock calls after the time has passed, and not when taken back", async () => {
  const before = systemClock.now();
  let cancelled = true;
  systemClock.after(1, () => {
    cancelled = false;
  })();
  await new Promise<void>((resolve) => systemClock.after(20, resolve));
  expect(systemClock.now() - before).toBeGreaterThan(15);
  expect(cancelled).toBe(true);
});
