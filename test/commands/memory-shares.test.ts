import { describe, expect, it } from "vitest";
import { DEFAULT_WORKER_LIMITS, MAX_FRAME_BYTES } from "../../protocol/limits.js";
import { fleetMemory, LEAST_MEMORY_MB, memoryShares } from "../../src/commands/memory-shares.js";

const MIB = 2 ** 20;

describe("the memory that pages may take", () => {
  it("is a quarter of the machine's unless it is given", () => {
    const automatic = memoryShares(0, 16_384 * MIB);
    expect(automatic).toEqual({ inputs: 512 * MIB, pages: (4096 - 512 - 64) * MIB });
    expect(memoryShares(4096, 1024 * MIB)).toEqual(automatic);
  });

  it("is never so little that a request of the largest size would not fit", () => {
    for (const shares of [memoryShares(LEAST_MEMORY_MB), memoryShares(0, 100 * MIB)]) {
      expect(shares).toEqual({ inputs: MAX_FRAME_BYTES, pages: (512 - 128 - 64) * MIB });
    }
  });

  it.each([512, 700, 1000, 2048, 100_000])("is divided without rest: %i MB", (megabytes) => {
    const { inputs, pages } = memoryShares(megabytes);
    expect(inputs + pages + DEFAULT_WORKER_LIMITS.maxUnsentBytes).toBe(megabytes * MIB);
  });
});

describe("the memory of a supervisor and its workers", () => {
  it("is what one worker would take, divided", () => {
    expect(fleetMemory(8192, 4)).toEqual({ inputs: 512 * MIB, workerMb: (8192 - 512 - 64) / 4 });
    expect(fleetMemory(0, 2, 16_384 * MIB)).toEqual({ inputs: 512 * MIB, workerMb: (4096 - 512 - 64) / 2 });
  });

  it("is more than a quarter of a small machine's, where the workers need that", () => {
    expect(fleetMemory(0, 4, 1024 * MIB).workerMb).toBe(LEAST_MEMORY_MB);
  });

  it.each([1, 2, 3, 4, 16])("is refused when it is given and too little for %i workers", (workers) => {
    const refusal = /expected at least (\d+) for --max-memory/;
    expect(() => fleetMemory(512, workers)).toThrow(refusal);
    let least = 0;
    try {
      fleetMemory(512, workers);
    } catch (thrown) {
      least = Number(refusal.exec(String(thrown))?.[1]);
    }
    expect(fleetMemory(least, workers).workerMb).toBeGreaterThanOrEqual(LEAST_MEMORY_MB);
    expect(() => fleetMemory(least - 2, workers)).toThrow(refusal);
  });
});
