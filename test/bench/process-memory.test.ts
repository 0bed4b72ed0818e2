import { describe, expect, it } from "vitest";
import { whilePeakRss } from "../../src/bench/process-memory.js";

describe("whilePeakRss", () => {
  it("sees memory that was given back before the end", async () => {
    const before = process.memoryUsage.rss() / 2 ** 20;
    const { rssMb, value } = await whilePeakRss(async () => {
      let block: Buffer | null = Buffer.alloc(200 * 2 ** 20, 1);
      await new Promise((resolve) => setTimeout(resolve, 50));
      const length = block.length;
      block = null;
      return length;
    });
    expect(value).toBe(200 * 2 ** 20);
    expect(rssMb).toBeGreaterThan(before + 150);
  });

  it("passes a failure on", async () => {
    await expect(whilePeakRss(() => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
  });
});
