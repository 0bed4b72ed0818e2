import { describe, expect, it, vi } from "vitest";
import { benchPipeline, sequentialPages } from "../../src/bench/pipeline-bench.js";
import { runFull, runSequentially } from "../../src/bench/pipeline-round.js";
import { jobOf, TimedStages } from "./timed-stages.js";

const limits = {
  decode: { concurrency: 1, places: 2 },
  upscale: { concurrency: 1, places: 2 },
  encode: { concurrency: 4, places: 4 },
};
const MS = { decode: 10, upscale: 20, encode: 80 };

describe("runSequentially", () => {
  it("has one page at a time", async () => {
    const stages = new TimedStages(MS);
    const speed = await runSequentially({ stages, limits, count: 3, createJob: jobOf });
    expect(stages.most).toEqual({ decode: 1, upscale: 1, encode: 1 });
    expect(stages.done.encode).toBe(3);
    expect(speed).toBeLessThan(1000 / 109);
  });
});

/** A page that listens to its signal until it is done, as an engine's do. */
const waitingJob: typeof jobOf = (index, signal) => {
  signal.addEventListener("abort", () => undefined);
  return jobOf(index, signal);
};

describe("runFull", () => {
  it("keeps every stage supplied and counts only what happens while the pipeline is full", async () => {
    const stages = new TimedStages(MS);
    const round = await runFull({ stages, limits, count: 12, createJob: jobOf });
    expect(stages.most).toEqual({ decode: 1, upscale: 1, encode: 4 });
    // What the engine alone allows; how much less it is depends on what else the machine does.
    expect(round.pagesPerSecond).toBeLessThan(55);
    expect(round.stages.upscale.busy).toBeGreaterThan(0);
    expect(round.stages.upscale.busy).toBeLessThanOrEqual(1.01);
    // Decoded pages wait for the engine.
    expect(round.stages.upscale.mostQueued).toBeGreaterThan(0);
    expect(round.stages.upscale.longestWaitMs).toBeGreaterThanOrEqual(round.stages.upscale.meanWaitMs);
  });

  it("leaves nothing running and nothing held behind", async () => {
    const stages = new TimedStages(MS);
    await runFull({ stages, limits, count: 3, createJob: jobOf });
    expect(stages.running).toBe(0);
  });

  it("tells where each page was and when, one at a time in each place", async () => {
    const stages = new TimedStages(MS);
    const { timeline } = await runFull({ stages, limits, count: 8, createJob: jobOf });
    const encoded = timeline.bars.filter(({ stage }) => stage === "encode");
    expect(new Set(encoded.map(({ place }) => place))).toEqual(new Set([0, 1, 2, 3]));
    for (const one of timeline.bars) {
      expect(one.startedAt).toBeLessThanOrEqual(one.endedAt);
      expect(one.endedAt).toBeLessThanOrEqual(one.leftAt);
      const clashes = timeline.bars.filter(
        (other) =>
          other !== one &&
          other.stage === one.stage &&
          other.place === one.place &&
          other.startedAt < one.leftAt &&
          one.startedAt < other.leftAt,
      );
      expect(clashes).toEqual([]);
    }
    expect(encoded.filter(({ endedAt }) => endedAt > timeline.from && endedAt <= timeline.to).length).toBe(8);
  });

  it("has many pages at work without a warning about listeners", async () => {
    const warn = vi.fn();
    process.on("warning", warn);
    const many = { decode: limits.decode, upscale: limits.upscale, encode: { concurrency: 24, places: 24 } };
    const stages = new TimedStages({ decode: 1, upscale: 1, encode: 100 });
    await runFull({ stages, limits: many, count: 24, createJob: waitingJob });
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", warn);
    expect(stages.most.encode).toBe(24);
    expect(warn).not.toHaveBeenCalled();
  });

  it("ends with the failure of a page", async () => {
    const stages = new TimedStages({ decode: 1, upscale: 1, encode: 1 });
    stages.failAt = 5;
    await expect(runFull({ stages, limits, count: 100, createJob: jobOf })).rejects.toThrow("broken page");
    expect(stages.running).toBe(0);
  });
});

describe("benchPipeline", () => {
  it("measures alone, loaded and in rounds that take turns", async () => {
    const stages = new TimedStages(MS);
    const plan = { stages, limits, pages: 2, count: 6, rounds: 2, createJob: jobOf };
    const { alone, loaded, rounds } = await benchPipeline(plan);
    expect(alone.encode.wallMs).toBeGreaterThan(79);
    expect(loaded.encode.wallMs).toBeLessThan(alone.encode.wallMs);
    expect(rounds).toHaveLength(2);
    for (const { sequential, full } of rounds) expect(full.pagesPerSecond).toBeGreaterThan(sequential);
  });

  it("takes at least three pages for the sequential half", () => {
    expect([1, 12, 13, 96].map(sequentialPages)).toEqual([3, 3, 4, 24]);
  });
});
