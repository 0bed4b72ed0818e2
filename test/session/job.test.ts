import { describe, expect, it } from "vitest";
import type { UpscaleMessage } from "../../protocol/messages.js";
import { UpscalerError } from "../../src/errors.js";
import { Job } from "../../src/session/job.js";
import { FakeClock } from "./fake-clock.js";

function setUp(request: Partial<UpscaleMessage> = {}) {
  const clock = new FakeClock();
  const events: string[] = [];
  const job = new Job({ t: "upscale", id: 1, data: new Uint8Array(1), ...request }, clock, {
    onDeadline: ({ id }) => events.push(`deadline of ${id}`),
    onProgress: ({ id }, done, total) => events.push(`${id}: ${done}/${total}`),
    onStrip: ({ id }, { index }) => events.push(`${id}: strip ${index}`),
  });
  return { clock, events, job };
}

describe("Job", () => {
  it("reports its deadline once, at its time", () => {
    const { clock, events } = setUp({ timeout_ms: 50 });
    clock.advance(49);
    expect(events).toEqual([]);
    clock.advance(1000);
    expect(events).toEqual(["deadline of 1"]);
  });

  it("has one deadline: a new one replaces the old", () => {
    const { clock, events, job } = setUp({ timeout_ms: 50 });
    job.setDeadline(200);
    clock.advance(199);
    expect(events).toEqual([]);
    clock.advance(1);
    expect(events).toEqual(["deadline of 1"]);
  });

  it("has no deadline any more once released", () => {
    const { clock, events, job } = setUp({ timeout_ms: 50 });
    job.release();
    clock.advance(100);
    expect(events).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it("passes progress on when asked to, and not more often than it may", () => {
    const { clock, events, job } = setUp({ progress: true });
    job.onProgress?.(1, 9);
    clock.advance(99);
    job.onProgress?.(2, 9);
    clock.advance(1);
    job.onProgress?.(3, 9);
    expect(events).toEqual(["1: 1/9", "1: 3/9"]);
    expect(setUp().job.onProgress).toBeUndefined();
  });

  it("tells whoever works on it that its priority has changed", () => {
    const { job, events } = setUp({ priority: 0 });
    job.onPriority = () => events.push(`priority ${job.priority}`);
    job.priority = 2;
    expect(events).toEqual(["priority 2"]);
  });

  it("aborts with the reason it is given, and keeps the first", () => {
    const { job } = setUp();
    const reason = new UpscalerError("cancelled", "why");
    job.abort(reason);
    job.abort(new UpscalerError("shutting_down", "later"));
    expect(job.signal.reason).toBe(reason);
  });
});
