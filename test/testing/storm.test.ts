import { describe, expect, it } from "vitest";
import { residentAround, runStorm } from "../../src/testing/storm.js";
import { TEST_WORKER } from "../support/worker.js";

describe("a storm of mixed pages", () => {
  it("leaves nothing behind: no memory of pages, no request, no descriptor", async () => {
    const report = await runStorm({
      command: { command: process.execPath, args: [TEST_WORKER, "--log-level", "error"] },
      ...{ pages: 400, seed: 5, concurrency: 24 },
    });
    expect(report.surprises).toEqual([]);
    expect(report.answers).toBe(400);
    for (const outcome of ["result", "cancelled", "deadline_exceeded", "decode_failed", "output_too_large"]) {
      expect(report.outcomes[outcome], outcome).toBeGreaterThan(0);
    }
    const { stats, descriptors, samples, exit } = report;
    expect(stats).toMatchObject({ queued: 0, running: 0, in_flight_bytes: 0, unsent_bytes: 0 });
    expect(stats.memory_mb.pages).toBe(0);
    expect(stats.memory_mb.pages_peak).toBeGreaterThan(0);
    expect(stats.memory_mb.pages_peak).toBeLessThanOrEqual(stats.memory_mb.pages_limit ?? 0);
    expect(descriptors[1]).toBeLessThanOrEqual(descriptors[0] + 2);
    // Loosely: the allocator settles only after a thousand pages, but a leak of every page would show.
    expect(residentAround(samples, 350, 50)).toBeLessThan(residentAround(samples, 150, 50) * 1.5);
    expect(exit).toEqual({ code: 0, signal: null });
  }, 60_000);
});
