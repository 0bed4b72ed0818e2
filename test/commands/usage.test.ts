import { expect, it } from "vitest";
import { readUsage } from "../../src/commands/usage.js";
import type { StageCounters } from "../../src/stages/stage-queue.js";

const MIB = 2 ** 20;

const stage = (seed: number): StageCounters => ({
  ...{ busyUs: seed * 1000, waiting: seed + 1, running: seed + 2, holding: seed + 3 },
  ...{ finished: seed + 9, failed: 4, entered: seed + 20 },
  ...{ waitedUs: 2500, longestWaitUs: 1500, mostWaiting: seed + 5 },
});

it("tells every counter of every stage in the protocol's words and units", () => {
  const counters = { decode: stage(1), upscale: stage(2), encode: stage(3) };
  const { stages, memory_mb } = readUsage(counters, { limit: 9 * MIB, used: 1, peak: 5 * MIB, waiting: 2 });
  expect(Object.keys(stages)).toEqual(["decode", "upscale", "encode"]);
  expect(stages.upscale).toEqual({
    ...{ busy_ms: 2, queued: 3, running: 4, holding: 5, done: 7, failed: 4 },
    ...{ waits: 22, wait_ms: 2.5, longest_wait_ms: 1.5, most_queued: 7 },
  });
  expect(memory_mb.rss).toBeGreaterThan(1);
  // Rounded up: 0 means that nothing is held.
  expect(memory_mb).toMatchObject({ pages: 1, pages_peak: 5, pages_limit: 9 });
});

it("tells of no stages while there are none", () => {
  expect(readUsage(null, null).stages).toEqual({});
});
