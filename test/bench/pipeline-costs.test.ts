import { describe, expect, it } from "vitest";
import { costOf, measureLoaded, withCosts } from "../../src/bench/pipeline-costs.js";
import { PagePipeline } from "../../src/stages/pipeline.js";
import { jobOf, TimedStages } from "./timed-stages.js";

const LIMITS = {
  decode: { concurrency: 1, places: 2 },
  upscale: { concurrency: 2, places: 3 },
  encode: { concurrency: 3, places: 3 },
};
const never = new AbortController().signal;

function compute(ms: number): number {
  const { user, system } = process.cpuUsage();
  let sum = 0;
  for (let spent = 0; spent < ms * 1000; ) {
    for (let i = 0; i < 10_000; i++) sum += Math.sqrt(i);
    const now = process.cpuUsage();
    spent = now.user + now.system - user - system;
  }
  return sum;
}

describe("costOf", () => {
  it("tells time that was computed from time that was waited", async () => {
    const waiting = await costOf(() => new Promise((resolve) => setTimeout(resolve, 200, "done")));
    expect(waiting.value).toBe("done");
    expect(waiting.cost.wallMs).toBeGreaterThan(190);
    expect(waiting.cost.cpuMs).toBeLessThan(150);
    const computing = await costOf(async () => compute(60));
    expect(computing.cost.cpuMs).toBeGreaterThanOrEqual(60);
    expect(computing.cost.wallMs).toBeGreaterThan(50);
  });
});

describe("withCosts", () => {
  it("tells the cost of each stage, and gives what the stages give", async () => {
    const stages = new TimedStages({ decode: 20, upscale: 60, encode: 40 });
    const told: [string, number][] = [];
    const recording = withCosts(stages, (stage, { wallMs }) => told.push([stage, wallMs]));
    const pipeline = new PagePipeline(recording, LIMITS, () => performance.now());
    expect(await pipeline.process(jobOf(1, never))).toMatchObject({ model: "m", page: { width: 2 } });
    expect(told.map(([stage]) => stage)).toEqual(["decode", "upscale", "encode"]);
    for (const [index, least] of [19, 59, 39].entries()) expect(told[index]?.[1]).toBeGreaterThan(least);
  });

  it("passes failures on without a cost", async () => {
    const stages = new TimedStages({ decode: 1, upscale: 1, encode: 1 });
    stages.failAt = 1;
    const told: string[] = [];
    const recording = withCosts(stages, (stage) => told.push(stage));
    const pipeline = new PagePipeline(recording, LIMITS, () => performance.now());
    await expect(pipeline.process(jobOf(1, never))).rejects.toThrow("broken page");
    expect(told).toEqual(["decode"]);
  });
});

describe("measureLoaded", () => {
  it("runs each stage alone with as many pages at once as it may have, and gives all memory back", async () => {
    const stages = new TimedStages({ decode: 30, upscale: 40, encode: 90 });
    const loaded = await measureLoaded(stages, LIMITS, [jobOf(1, never), jobOf(2, never)]);
    expect(stages.most).toMatchObject({ upscale: 2, encode: 3 });
    expect(stages.held).toBe(0);
    // Pages side by side share the time.
    expect(loaded.decode.wallMs).toBeGreaterThan(29);
    expect(loaded.upscale.wallMs).toBeGreaterThan(19);
    expect(loaded.encode.wallMs).toBeGreaterThan(29);
    expect(loaded.encode.wallMs).toBeLessThan(80);
  });
});
