import { describe, expect, it } from "vitest";
import { Throughput } from "../../src/fleet/throughput.js";

describe("Throughput", () => {
  it("is unknown before the first page", () => {
    const throughput = new Throughput();
    throughput.busy(0);
    expect(throughput.pixelsPerMs).toBeNull();
  });

  it("counts pages side by side together, and no idle time", () => {
    const throughput = new Throughput();
    throughput.busy(0);
    throughput.busy(50);
    throughput.left(500, false, 100);
    throughput.left(0, true, 100);
    throughput.busy(10_000);
    throughput.left(500, true, 10_100);
    expect(throughput.pixelsPerMs).toBeCloseTo(5);
  });

  it("follows a worker that becomes slower", () => {
    const throughput = new Throughput();
    for (let page = 0, now = 0; page < 60; page++) {
      throughput.busy(now);
      now += page < 30 ? 1 : 10;
      throughput.left(100, true, now);
    }
    expect(throughput.pixelsPerMs).toBeGreaterThan(10);
    expect(throughput.pixelsPerMs).toBeLessThan(11);
  });

  it("takes time without a result for what it is", () => {
    const throughput = new Throughput();
    throughput.busy(0);
    throughput.left(100, true, 10);
    throughput.busy(10);
    throughput.left(0, true, 20);
    expect(throughput.pixelsPerMs).toBeCloseTo(5);
  });

  it("does not count the time of a worker that was lost", () => {
    const throughput = new Throughput();
    throughput.busy(0);
    throughput.left(100, false, 10);
    throughput.interrupt();
    throughput.busy(5_000);
    throughput.left(100, true, 5_010);
    expect(throughput.pixelsPerMs).toBeCloseTo(10);
  });
});
