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
});
