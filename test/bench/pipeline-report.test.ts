import { describe, expect, it } from "vitest";
import type { PipelineMeasurement } from "../../src/bench/pipeline-bench.js";
import {
  formatPipeline,
  type PipelineSetting,
  pipelineReport,
  summarise,
} from "../../src/bench/pipeline-report.js";
import type { PipelineRound } from "../../src/bench/pipeline-round.js";

const limits = {
  decode: { concurrency: 1, places: 3 },
  upscale: { concurrency: 2, places: 3 },
  encode: { concurrency: 4, places: 4 },
};
const setting: PipelineSetting = {
  ...{ program: "program 1", node: "v20", device: "Card", model: "m fp16", cores: 4, isGpu: true },
  ...{ loadAverage: 0.25, date: "2026-01-01", pages: 1, output: "webp", count: 8, rounds: 3 },
};

function round(pagesPerSecond: number, longestWaitMs = 1): PipelineRound {
  const load = { busy: 0.5, meanQueued: 1, mostQueued: longestWaitMs, meanWaitMs: 1, longestWaitMs };
  return {
    ...{ pagesPerSecond, cpuMsPerPage: 210, coresBusy: 3.5 },
    stages: { decode: load, upscale: load, encode: load },
    timeline: { limits, bars: [], from: 0, to: 100 },
  };
}

const measurement: PipelineMeasurement = {
  alone: {
    decode: { wallMs: 10, cpuMs: 10 },
    upscale: { wallMs: 25, cpuMs: 5 },
    encode: { wallMs: 185, cpuMs: 185 },
  },
  loaded: {
    decode: { wallMs: 12, cpuMs: 12 },
    upscale: { wallMs: 20, cpuMs: 8 },
    encode: { wallMs: 60, cpuMs: 230 },
  },
  rounds: [
    { sequential: 5, full: round(15, 9) },
    { sequential: 4, full: round(16) },
    { sequential: 2, full: round(12) },
  ],
};

describe("summarise", () => {
  it("allows cores by the summed CPU seconds, and the device by its time with all lanes busy", () => {
    const summary = summarise(measurement, setting);
    expect(summary.bound).toEqual({ cpu: 4000 / 200, gpu: 50, least: 20 });
    expect(summary.loadedBound).toEqual({ cpu: 4000 / 250, gpu: 50, least: 16 });
    expect(summary).toMatchObject({ sequential: 4, full: 15, share: 0.75, loadedShare: 15 / 16 });
    expect(summary.reachableRatio).toBe(5);
  });

  it("compares halves of the same round", () => {
    // 3, 4 and 6 times; medians of each half by themselves would give 3.75.
    expect(summarise(measurement, setting).ratio).toBe(4);
  });

  it("keeps the extremes of all rounds", () => {
    expect(summarise(measurement, setting).stages.encode).toEqual({
      ...{ busy: 0.5, meanQueued: 1, mostQueued: 9, meanWaitMs: 1, longestWaitMs: 9 },
    });
  });

  it("is bound by a GPU that is slower than the cores", () => {
    const upscale = { wallMs: 100, cpuMs: 8 };
    const slow = { ...measurement, loaded: { ...measurement.loaded, upscale } };
    expect(summarise(slow, setting)).toMatchObject({ bound: { gpu: 10, least: 10 }, share: 1.5 });
  });

  it("knows no bound of a GPU where there is none", () => {
    expect(summarise(measurement, { cores: 4, isGpu: false }).bound).toEqual({
      cpu: 20,
      gpu: null,
      least: 20,
    });
  });
});

describe("the report", () => {
  const summary = summarise(measurement, setting);

  it("shows every stage and what was reached", () => {
    const text = formatPipeline(setting, measurement, summary);
    expect(text).toContain("4 cores, load average before 0.3");
    expect(text).toMatch(/\| encode +\| +4 \| +4 \| +185\.0 \| +185\.0 \| +60\.0 \| +230\.0 \| +50 % \|/);
    expect(text).toMatch(/pipeline +15\.00 pages\/s, 4\.00 times sequential/);
    expect(text).toMatch(/bound +20\.00 pages\/s \(CPU 20\.00, GPU 50\.00\): 0\.75 of it reached/);
    expect(text).toMatch(/cores +3\.50 of 4 kept busy, 210 ms/);
  });

  it("is plain JSON without the timeline", () => {
    const report = pipelineReport(setting, measurement, summary);
    const json = JSON.stringify(report);
    expect(JSON.parse(json)).toMatchObject({ setting: { device: "Card" }, limits, summary: { ratio: 4 } });
    expect(json).not.toContain("timeline");
  });
});
