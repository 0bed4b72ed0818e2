import { describe, expect, it } from "vitest";
import { Job } from "../../src/session/job.js";
import { RequestTracker } from "../../src/session/request-tracker.js";
import { fatalErrorOf } from "../wire/failure.js";
import { FakeClock } from "./fake-clock.js";

const EVENTS = { onDeadline: () => undefined, onProgress: () => undefined, onStrip: () => undefined };

function job(id: number, bytes = 1): Job {
  return new Job({ t: "upscale", id, data: new Uint8Array(bytes) }, new FakeClock(), EVENTS);
}

describe("RequestTracker", () => {
  it("keeps an id live until it is closed, and counts bytes", () => {
    const tracker = new RequestTracker();
    const first = job(1, 10);
    tracker.open(first);
    tracker.open(job(2, 5));
    expect([tracker.size, tracker.bytes, tracker.has(1), tracker.find(1)]).toEqual([2, 15, true, first]);
    expect(tracker.close(first)).toBe(true);
    expect([tracker.size, tracker.bytes, tracker.has(1), tracker.find(1)]).toEqual([1, 5, false, null]);
  });

  it("refuses a live id and names it", () => {
    const tracker = new RequestTracker();
    tracker.open(job(7));
    for (const attempt of [() => tracker.open(job(7)), () => tracker.requireUnused(7)]) {
      const error = fatalErrorOf(attempt);
      expect([error.code, error.requestId]).toEqual(["duplicate_id", 7]);
    }
    expect(tracker.size).toBe(1);
  });

  it("lets a request be closed once", () => {
    const tracker = new RequestTracker();
    const only = job(1);
    tracker.open(only);
    expect([tracker.close(only), tracker.close(only)]).toEqual([true, false]);
    expect(tracker.bytes).toBe(0);
  });

  it("does not close a new request by an old one with the same id", () => {
    const tracker = new RequestTracker();
    const [old, fresh] = [job(1), job(1)];
    tracker.open(old);
    tracker.close(old);
    tracker.open(fresh);
    expect(tracker.close(old)).toBe(false);
    expect(tracker.find(1)).toBe(fresh);
  });
});
