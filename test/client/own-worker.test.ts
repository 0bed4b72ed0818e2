import { afterEach, describe, expect, it, vi } from "vitest";
import { ownWorkerCommand } from "../../src/client/own-worker.js";

afterEach(() => vi.unstubAllEnvs());

describe("the command of this package's worker", () => {
  it("has what was asked for and leaves the rest to the worker", () => {
    const { args } = ownWorkerCommand({ maxMemory: 1024, maxVram: 0 });
    expect(args?.slice(1)).toEqual(["worker", "--max-vram", "0", "--max-memory", "1024"]);
  });

  it("keeps the allocator from one arena for each thread, unless the environment says otherwise", () => {
    vi.stubEnv("MALLOC_ARENA_MAX", undefined);
    expect(ownWorkerCommand({}).env).toMatchObject({ MALLOC_ARENA_MAX: "2" });
    vi.stubEnv("MALLOC_ARENA_MAX", "8");
    expect(ownWorkerCommand({}).env).toMatchObject({ MALLOC_ARENA_MAX: "8" });
  });
});
