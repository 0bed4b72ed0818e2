import { describe, expect, it } from "vitest";
import { DEFAULT_WORKER_LIMITS, MAX_FRAME_BYTES } from "../../protocol/limits.js";
import { LEAST_MEMORY_MB, memoryShares } from "../../src/commands/memory-shares.js";

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
