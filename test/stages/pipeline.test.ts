import { describe, expect, it, vi } from "vitest";
import { UpscalerError } from "../../src/errors.js";
import { PagePipeline, type PipelineLimits, type PipelineObserver } from "../../src/stages/pipeline.js";
import { ControlledStages, OPTIONS, STAGE_NAMES, settled } from "./controlled-stages.js";

const ONE = { concurrency: 1, places: 1 };

function setUp(limits: Partial<PipelineLimits> = {}) {
  const stages = new ControlledStages();
  const time = { now: 0 };
  const pipeline = new PagePipeline(
    stages,
    { decode: ONE, upscale: ONE, encode: ONE, ...limits },
    () => time.now,
  );
  const start = (job: number, priority = 1) => {
    const controller = new AbortController();
    const entry = {
      data: new Uint8Array([job, 0, 0]),
      options: OPTIONS,
      priority,
      signal: controller.signal,
    };
    const outcome = pipeline.process(entry).then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    );
    return { entry, controller, outcome };
  };
  return { stages, pipeline, time, start };
}

function expectEmpty(pipeline: PagePipeline): void {
  for (const name of STAGE_NAMES) {
    expect(pipeline.counters[name], name).toMatchObject({ waiting: 0, running: 0, holding: 0 });
  }
  expect(pipeline.hasRoomFor(1)).toBe(true);
}

describe("one page", () => {
  it("goes through every stage and comes out with how it was made", async () => {
    const { stages, pipeline, time, start } = setUp();
    const { outcome } = start(7);
    await settled();
    for (const [index, stage] of STAGE_NAMES.entries()) {
      time.now += index + 1;
      await stages.finish(`${stage} 7`);
      time.now += 1000;
    }
    expect(await outcome).toEqual({
      result: {
        page: { data: new Uint8Array([7, 3]), width: 2, height: 2, format: "webp", effort: null },
        source: { width: 1, height: 1, format: "png" },
        ...{ model: "m", precision: "fp32", tile: 64, device: "cpu", cacheKey: "key 7" },
        warnings: ["from decode", "from upscale", "from encode"],
        timings: { decode: 1000, upscale: 1_002_000, encode: 1_003_000 },
      },
    });
    expectEmpty(pipeline);
  });

  it("is refused for its options before anything is done", async () => {
    const { stages, pipeline, start } = setUp();
    stages.refusal = new UpscalerError("unsupported_option", "no");
    expect(await start(1).outcome).toEqual({ error: stages.refusal });
    expect(stages.log).toEqual([]);
    expectEmpty(pipeline);
  });

  it("that could not be written is never upscaled", async () => {
    const { stages, pipeline, start } = setUp();
    stages.unwritable = new UpscalerError("output_too_large", "no");
    const { outcome } = start(1);
    await settled();
    await stages.finish("decode 1");
    expect(await outcome).toEqual({ error: stages.unwritable });
    expect(stages.log).toEqual(["decode 1"]);
    expectEmpty(pipeline);
  });
});

describe("several pages", () => {
  it("are in different stages at the same time", async () => {
    const { stages, start } = setUp();
    const jobs = [start(1), start(2), start(3)];
    await settled();
    expect(stages.now).toEqual(["decode 1"]);
    await stages.finish("decode 1");
    expect(stages.now).toEqual(["decode 2", "upscale 1"]);
    await stages.finish("upscale 1");
    await stages.finish("decode 2");
    expect(stages.now).toEqual(["decode 3", "encode 1", "upscale 2"]);
    while (stages.running.length > 0) await stages.finish(stages.now[0] ?? "");
    for (const { outcome } of jobs) expect(await outcome).toHaveProperty("result");
  });

  it("run side by side in one stage as far as its concurrency allows", async () => {
    const { stages, start } = setUp({
      decode: { concurrency: 2, places: 2 },
      encode: { concurrency: 3, places: 3 },
    });
    for (const job of [1, 2, 3, 4]) start(job);
    await settled();
    expect(stages.now).toEqual(["decode 1", "decode 2"]);
  });

  it("wait in their decode place while the engine is busy, so that no more are decoded", async () => {
    const { stages, pipeline, start } = setUp({ decode: { concurrency: 1, places: 2 } });
    for (const job of [1, 2, 3, 4, 5, 6]) start(job);
    await settled();
    for (const job of [1, 2, 3]) await stages.finish(`decode ${job}`);
    expect(stages.now).toEqual(["upscale 1"]);
    expect(pipeline.counters.decode).toMatchObject({ waiting: 3, running: 0, holding: 2 });
    expect(pipeline.counters.upscale).toMatchObject({ waiting: 2, running: 1 });
    expect(pipeline.hasRoomFor(1)).toBe(false);
    await stages.finish("upscale 1");
    expect(stages.now).toEqual(["decode 4", "encode 1", "upscale 2"]);
  });

  it("wait in their upscale place while encoders are busy, so that the engine does not run ahead", async () => {
    const { stages, pipeline, start } = setUp({ upscale: { concurrency: 1, places: 2 } });
    for (const job of [1, 2, 3, 4, 5]) start(job);
    await settled();
    for (const name of ["decode 1", "decode 2", "upscale 1", "decode 3", "upscale 2", "decode 4"]) {
      if (stages.now.includes(name)) await stages.finish(name);
    }
    // Page 1 is being encoded; 2 waits for that in its place; 3 may still be upscaled.
    expect(stages.now).toEqual(["encode 1", "upscale 3"].sort());
    await stages.finish("upscale 3");
    expect(pipeline.counters.upscale).toMatchObject({ running: 0, holding: 2 });
    expect(stages.now).toEqual(["encode 1"]);
    await stages.finish("encode 1");
    expect(stages.now).toEqual(["decode 5", "encode 2", "upscale 4"]);
  });

  it("never are in memory in larger number than there are places, whatever the order of events", async () => {
    const limits = {
      decode: { concurrency: 2, places: 3 },
      upscale: { concurrency: 1, places: 2 },
      encode: { concurrency: 2, places: 2 },
    };
    const { stages, pipeline, start } = setUp(limits);
    let state = 99;
    const random = (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const jobs = Array.from({ length: 60 }, (_, job) => start(job, random(3)));
    await settled();
    let most = 0;
    while (stages.running.length > 0) {
      const { counters } = pipeline;
      for (const name of STAGE_NAMES) {
        const { running, holding } = counters[name];
        // One more than the limits say, for a page that is more urgent than all others there.
        expect(running).toBeLessThanOrEqual(limits[name].concurrency + 1);
        expect(running + holding).toBeLessThanOrEqual(limits[name].places + 1);
        expect(stages.running.filter(({ stage }) => stage === name)).toHaveLength(running);
      }
      most = Math.max(most, ...STAGE_NAMES.map((name) => counters[name].running + counters[name].holding));
      const step = stages.running[random(stages.running.length)];
      const fate = random(10);
      if (fate === 0) jobs[step?.job ?? 0]?.controller.abort("random");
      else if (fate === 1) step?.fail(new Error("random"));
      else step?.finish();
      await settled();
    }
    expect(most).toBeGreaterThanOrEqual(3);
    for (const { outcome } of jobs) expect(Object.keys(await outcome)).toHaveLength(1);
    expectEmpty(pipeline);
  });

  it("are taken by priority at every stage, as it is then", async () => {
    const { stages, start } = setUp({ decode: { concurrency: 3, places: 3 } });
    const first = start(1);
    const second = start(2, 0);
    start(3, 1);
    await settled();
    for (const job of [1, 2, 3]) await stages.finish(`decode ${job}`);
    expect(stages.now).toEqual(["upscale 1"]);
    second.entry.priority = 2;
    await stages.finish("upscale 1");
    expect(stages.now).toContain("upscale 2");
    await stages.finish("encode 1");
    expect(await first.outcome).toHaveProperty("result");
  });
});

it("the encode stage is told of pages that come while the first one is full", async () => {
  const { stages, start } = setUp();
  const outcomes = [start(1), start(2)].map(({ outcome }) => outcome);
  for (const step of ["decode 1", "upscale 1", "decode 2", "encode 1", "upscale 2", "encode 2"]) {
    await settled();
    await stages.finish(step);
  }
  await Promise.all(outcomes);
  expect(stages.withMoreToCome).toEqual([1]);
});

describe("a page in view", () => {
  it("passes through every stage at once, however many prefetched pages hold them up", async () => {
    const { stages, start } = setUp();
    const prefetched = [1, 2, 3, 4].map((job) => start(job, 0));
    await settled();
    await stages.finish("decode 1");
    await stages.finish("upscale 1");
    await stages.finish("decode 2");
    // Encoding holds up upscaling, and that decoding.
    expect(stages.now).toEqual(["decode 3", "encode 1", "upscale 2"]);
    const visible = start(9, 2);
    await settled();
    for (const stage of STAGE_NAMES) {
      expect(stages.now).toContain(`${stage} 9`);
      await stages.finish(`${stage} 9`);
    }
    expect(await visible.outcome).toHaveProperty("result");
    for (const { controller } of prefetched) controller.abort("over");
  });
});

describe("a page that fails", () => {
  it.each(STAGE_NAMES)("in %s gives its error and its place", async (name) => {
    const { stages, pipeline, start } = setUp();
    const failing = start(1);
    const other = start(2);
    await settled();
    for (const stage of STAGE_NAMES) {
      if (stage === name) break;
      await stages.finish(`${stage} 1`);
    }
    const reason = new UpscalerError("internal", "broken");
    stages.find(`${name} 1`).fail(reason);
    await settled();
    expect(await failing.outcome).toEqual({ error: reason });
    for (const stage of STAGE_NAMES) await stages.finish(`${stage} 2`);
    expect(await other.outcome).toHaveProperty("result");
    expectEmpty(pipeline);
  });
});

describe("a page that is aborted", () => {
  const reason = new UpscalerError("cancelled", "the client cancelled the request");

  it.each(STAGE_NAMES)("during %s ends with the signal's reason and gives its place", async (name) => {
    const { stages, pipeline, start } = setUp();
    const doomed = start(1);
    const other = start(2);
    await settled();
    for (const stage of STAGE_NAMES) {
      if (stage === name) break;
      await stages.finish(`${stage} 1`);
    }
    doomed.controller.abort(reason);
    await settled();
    // A codec cannot be stopped: its place stays taken until it is done.
    if (name !== "upscale") {
      expect(pipeline.counters[name].running).toBe(1);
      await stages.finish(`${name} 1`);
    }
    expect(await doomed.outcome).toEqual({ error: reason });
    expect(stages.now.filter((step) => step.endsWith(" 1"))).toEqual([]);
    for (const stage of STAGE_NAMES) await stages.finish(`${stage} 2`);
    expect(await other.outcome).toHaveProperty("result");
    expectEmpty(pipeline);
  });

  it.each(STAGE_NAMES)("while waiting for %s ends at once and gives the place that it held", async (name) => {
    const { stages, pipeline, start } = setUp();
    const ahead = start(1);
    const doomed = start(2);
    await settled();
    // Page 1 occupies the stage in question, page 2 has done all before it.
    for (const stage of STAGE_NAMES) {
      if (stage === name) break;
      await stages.finish(`${stage} 1`);
      await stages.finish(`${stage} 2`);
    }
    expect(pipeline.counters[name]).toMatchObject({ waiting: 1, running: 1 });
    doomed.controller.abort(reason);
    expect(await doomed.outcome).toEqual({ error: reason });
    expect(pipeline.counters[name]).toMatchObject({ waiting: 0, running: 1 });
    for (const stage of STAGE_NAMES.slice(STAGE_NAMES.indexOf(name))) await stages.finish(`${stage} 1`);
    expect(await ahead.outcome).toHaveProperty("result");
    expectEmpty(pipeline);
  });

  it("before it starts does nothing at all", async () => {
    const { stages, pipeline } = setUp();
    const job = {
      data: new Uint8Array([1]),
      options: OPTIONS,
      priority: 1,
      signal: AbortSignal.abort(reason),
    };
    await expect(pipeline.process(job)).rejects.toBe(reason);
    expect(stages.log).toEqual([]);
    expectEmpty(pipeline);
  });
});

describe("room", () => {
  it("is announced when a decode place becomes free, and a job may be started from there", async () => {
    const { stages, pipeline, start } = setUp();
    const onRoom = vi.fn(() => {
      if (onRoom.mock.calls.length === 1) start(9);
    });
    pipeline.onRoom = onRoom;
    start(1);
    expect(pipeline.hasRoomFor(1)).toBe(false);
    await settled();
    expect(onRoom).not.toHaveBeenCalled();
    await stages.finish("decode 1");
    expect(onRoom).toHaveBeenCalled();
    expect(stages.now).toEqual(["decode 9", "upscale 1"]);
    expect(pipeline.hasRoomFor(1)).toBe(false);
  });
});

it("tells its observer of every stay in a stage, failed ones too", async () => {
  const stages = new ControlledStages();
  const observe = vi.fn<PipelineObserver>();
  const pipeline = new PagePipeline(stages, { decode: ONE, upscale: ONE, encode: ONE }, () => 0, observe);
  const job = (name: number) => {
    const { signal } = new AbortController();
    return { data: new Uint8Array([name]), options: OPTIONS, priority: 1, signal };
  };
  const [good, bad] = [job(1), job(2)];
  const outcomes = [pipeline.process(good), pipeline.process(bad).catch((thrown: unknown) => thrown)];
  await settled();
  for (const stage of STAGE_NAMES) await stages.finish(`${stage} 1`);
  stages.find("decode 2").fail(new Error("broken"));
  await Promise.all(outcomes);
  expect(observe.mock.calls.map(([stage, { entrant }]) => [stage, entrant])).toEqual([
    ["decode", good],
    ["upscale", good],
    ["encode", good],
    ["decode", bad],
  ]);
});
