import { describe, expect, it } from "vitest";
import { ownWorkerCommand } from "../../src/client/own-worker.js";

describe("the command of this package's worker", () => {
  it("has what was asked for and leaves the rest to the worker", () => {
    const { args } = ownWorkerCommand({ maxMemory: 1024, maxVram: 0 });
    expect(args?.slice(1)).toEqual(["worker", "--max-vram", "0", "--max-memory", "1024"]);
  });

  it("names several devices in one option", () => {
    const { args } = ownWorkerCommand({ gpuId: [0, 2], supervise: true });
    expect(args?.slice(1)).toEqual(["worker", "--gpu-id", "0,2", "--supervise"]);
  });

  it("says how many pages are at work in each stage, and in how many orientations", () => {
    const { args } = ownWorkerCommand({ jobs: { load: 1, proc: 2, save: 3 }, tta: true });
    expect(args?.slice(1)).toEqual(["worker", "--jobs", "1:2:3", "--tta"]);
  });
});
