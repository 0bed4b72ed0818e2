import { describe, expect, it } from "vitest";
import { createLog } from "../../src/log.js";
import { MAX_OVERTAKES } from "../../src/session/scheduler.js";
import { packedFrame } from "../wire/raw-frame.js";
import { FakeProcessor, pageResult } from "./fake-processor.js";
import { Harness } from "./session-harness.js";

/** Finishes one job after another until none is left. */
async function finishAll(harness: Harness): Promise<void> {
  while (harness.processor.occupied > 0) {
    harness.processor.finish();
    await harness.turn();
  }
}

describe("Session: order of starting", () => {
  it("starts visible pages first, then normal ones, then prefetched ones, first come within each", async () => {
    const harness = new Harness();
    harness.upscale(1);
    await harness.turn();
    for (const [id, priority] of [
      [2, 0],
      [3, 1],
      [4, 2],
      [5, 0],
      [6, 1],
      [7, 2],
    ] as const) {
      harness.upscale(id, { priority });
    }
    await harness.turn();
    await finishAll(harness);
    expect(harness.startedIds).toEqual([1, 4, 7, 3, 6, 2, 5]);
  });

  it("never starves a prefetched page while visible ones keep coming", async () => {
    const harness = new Harness();
    harness.upscale(1, { priority: 0 });
    harness.upscale(2, { priority: 0 });
    let id = 3;
    for (let round = 0; round < 2 * MAX_OVERTAKES && !harness.startedIds.includes(2); round++) {
      harness.upscale(id++, { priority: 2 });
      await harness.turn();
      harness.processor.finish();
      await harness.turn();
    }
    expect(harness.startedIds).toContain(2);
  });

  it("lets update move a waiting page to the front", async () => {
    const harness = new Harness();
    for (const id of [1, 2, 3]) harness.upscale(id);
    await harness.turn();
    harness.send({ t: "update", id: 3, priority: 2 });
    await harness.turn();
    await finishAll(harness);
    expect(harness.startedIds).toEqual([1, 3, 2]);
  });

  it("shows the stages the priority of a running page as it changes", async () => {
    const harness = new Harness();
    harness.upscale(1, { priority: 0 });
    await harness.turn();
    harness.send({ t: "update", id: 1, priority: 2 });
    await harness.turn();
    expect(harness.processor.started[0]?.priority).toBe(2);
  });

  it("starts as many as the stages have room for", async () => {
    const harness = new Harness({ processor: new FakeProcessor(3) });
    for (let id = 1; id <= 5; id++) harness.upscale(id);
    harness.send({ t: "ping", nonce: 1 });
    await harness.turn();
    expect(harness.startedIds).toEqual([1, 2, 3]);
    expect(harness.ofType("pong")).toMatchObject([{ queued: 5, running: 0 }]);
    harness.send({ t: "ping", nonce: 2 });
    await harness.turn();
    expect(harness.ofType("pong")[1]).toMatchObject({ queued: 2, running: 3 });
  });
});

describe("Session: bounds", () => {
  it("refuses more requests than max_in_flight, and takes the next after an answer", async () => {
    const harness = new Harness({ limits: { maxInFlight: 2 } });
    for (const id of [1, 2, 3]) harness.upscale(id);
    await harness.turn();
    expect(harness.answers(3)).toMatchObject([{ code: "overloaded", retryable: true }]);
    harness.processor.finish();
    await harness.turn();
    harness.upscale(3);
    await harness.turn();
    await finishAll(harness);
    expect([1, 2, 3].map((id) => harness.outcomes(id))).toEqual([
      ["result"],
      ["result"],
      ["overloaded", "result"],
    ]);
  });

  it("refuses more image bytes than max_in_flight_bytes, to the byte", async () => {
    const harness = new Harness({ limits: { maxInFlightBytes: 100 } });
    harness.upscale(1, { data: Buffer.alloc(60) });
    harness.upscale(2, { data: Buffer.alloc(41) });
    harness.upscale(3, { data: Buffer.alloc(40) });
    await harness.turn();
    expect([harness.outcomes(2), harness.outcomes(3)]).toEqual([["overloaded"], []]);
    harness.send({ t: "cancel", id: 1 });
    harness.upscale(4, { data: Buffer.alloc(60) });
    await harness.turn();
    expect(harness.outcomes(4)).toEqual([]);
  });

  it("answers 1000 pipelined requests exactly once each", async () => {
    const harness = new Harness({ processor: new FakeProcessor(4), limits: { maxInFlight: 1000 } });
    for (let id = 1; id <= 1000; id++) harness.upscale(id, { priority: id % 3 });
    await harness.turn();
    while (harness.processor.occupied > 0) {
      for (let place = 0; place < 4; place++) harness.processor.finish();
      await harness.turn();
    }
    for (let id = 1; id <= 1000; id++) expect(harness.outcomes(id)).toEqual(["result"]);
  });
});

describe("Session: cancel", () => {
  it("ends a waiting request, which is never started", async () => {
    const harness = new Harness();
    harness.upscale(1);
    harness.upscale(2);
    harness.send({ t: "cancel", id: 2 });
    await harness.turn();
    await finishAll(harness);
    expect(harness.answers(2)).toMatchObject([{ code: "cancelled", retryable: false }]);
    expect(harness.startedIds).toEqual([1]);
  });

  it("ends a running request and tells the stages why", async () => {
    const harness = new Harness();
    harness.upscale(1);
    harness.upscale(2);
    await harness.turn();
    harness.send({ t: "cancel", id: 1 });
    await harness.turn();
    expect(harness.outcomes(1)).toEqual(["cancelled"]);
    expect(harness.processor.abortCode(0)).toBe("cancelled");
    expect(harness.startedIds).toEqual([1, 2]);
  });

  it.each([
    ["the cancel first", true],
    ["the result first", false],
  ])("gives one answer when both happen in one turn, %s", async (_, cancelFirst) => {
    const harness = new Harness({ processor: new FakeProcessor(1, false) });
    harness.upscale(1);
    await harness.turn();
    if (cancelFirst) harness.send({ t: "cancel", id: 1 });
    harness.processor.finish();
    if (!cancelFirst) harness.send({ t: "cancel", id: 1 });
    await harness.turn();
    expect(harness.outcomes(1).length).toBe(1);
    expect(harness.exitCode).toBeNull();
  });

  it("gives one answer when the stages finish a cancelled request, and none for it to a reused id", async () => {
    const harness = new Harness({ processor: new FakeProcessor(2, false) });
    harness.upscale(1);
    await harness.turn();
    const [first] = harness.processor.started;
    harness.send({ t: "cancel", id: 1 });
    harness.upscale(1, { progress: true });
    await harness.turn();
    first?.onProgress?.(1, 2);
    harness.processor.finish(pageResult(Buffer.from("stale")), first);
    await harness.turn();
    expect(harness.outcomes(1)).toEqual(["cancelled"]);
    harness.processor.finish(pageResult(Buffer.from("fresh")));
    await harness.turn();
    expect(harness.outcomes(1)).toEqual(["cancelled", "result"]);
    expect(String(harness.answers(1)[1]?.data)).toBe("fresh");
    expect(harness.ofType("progress")).toEqual([]);
  });

  it("ignores ids that are unknown, finished or cancelled already", async () => {
    const harness = new Harness();
    harness.upscale(1);
    await harness.turn();
    harness.processor.finish();
    await harness.turn();
    for (const id of [1, 1, 99]) {
      harness.send({ t: "cancel", id });
      harness.send({ t: "update", id, priority: 2, timeout_ms: 5 });
    }
    harness.send({ t: "ping", nonce: 1 });
    await harness.turn();
    expect(harness.types).toEqual(["hello", "ready", "result", "pong"]);
  });

  it("ends a live request whose update is wrong, and ignores a wrong update of another", async () => {
    const harness = new Harness();
    harness.upscale(1);
    harness.write(packedFrame({ t: "update", id: 2, priority: 9 }));
    harness.write(packedFrame({ t: "update", id: 1, priority: 9 }));
    await harness.turn();
    expect([harness.outcomes(1), harness.outcomes(2)]).toEqual([["invalid_request"], []]);
    expect(harness.answers(1)[0]?.message).toContain("for priority, received 9, in update");
  });
});

describe("Session: timeout_ms", () => {
  it("ends a request that waits, counted from its arrival", async () => {
    const harness = new Harness();
    harness.upscale(1);
    harness.upscale(2, { timeout_ms: 100 });
    await harness.advance(99);
    expect(harness.outcomes(2)).toEqual([]);
    await harness.advance(1);
    expect(harness.answers(2)).toMatchObject([{ code: "deadline_exceeded", retryable: false }]);
    expect(harness.answers(2)[0]?.message).toContain("100 ms had passed before it was started");
    expect(harness.startedIds).toEqual([1]);
  });

  it("ends a request that runs, and tells the stages why", async () => {
    const harness = new Harness();
    harness.upscale(1, { timeout_ms: 100 });
    await harness.advance(100);
    expect(harness.answers(1)[0]?.message).toContain("while it was processed");
    expect(harness.processor.abortCode(0)).toBe("deadline_exceeded");
  });

  it("answers in time even when the stages hang", async () => {
    const harness = new Harness({ processor: new FakeProcessor(1, false) });
    harness.upscale(1, { timeout_ms: 100 });
    await harness.advance(100);
    expect(harness.outcomes(1)).toEqual(["deadline_exceeded"]);
  });

  it("can be set and moved by update, counted from the update", async () => {
    const harness = new Harness();
    harness.upscale(1);
    harness.upscale(2, { timeout_ms: 100 });
    await harness.advance(50);
    harness.send({ t: "update", id: 1, timeout_ms: 30 }, { t: "update", id: 2, timeout_ms: 200 });
    await harness.advance(30);
    expect([harness.outcomes(1), harness.outcomes(2)]).toEqual([["deadline_exceeded"], []]);
    await harness.advance(169);
    expect(harness.outcomes(2)).toEqual([]);
    await harness.advance(1);
    expect(harness.outcomes(2)).toEqual(["deadline_exceeded"]);
  });

  it("leaves no timer behind once a request is answered", async () => {
    const harness = new Harness();
    harness.upscale(1, { timeout_ms: 100 });
    await harness.turn();
    expect(harness.clock.pending).toBe(1);
    harness.processor.finish();
    await harness.turn();
    expect(harness.clock.pending).toBe(0);
  });
});

describe("Session: ping, stats and progress", () => {
  it("answers ping while work runs and waits", async () => {
    const harness = new Harness();
    for (let id = 1; id <= 3; id++) harness.upscale(id);
    await harness.turn();
    harness.send({ t: "ping", nonce: 2 ** 32 - 1 });
    await harness.turn();
    expect(harness.ofType("pong")).toEqual([{ t: "pong", nonce: 2 ** 32 - 1, queued: 2, running: 1 }]);
  });

  it("reports counters", async () => {
    const decode = { queued: 1, running: 2, busy_ms: 3.4, failed: 2 ** 40 };
    const usage = { stages: { decode }, memory_mb: { rss: 99.6 } };
    const harness = new Harness({ session: { readUsage: () => usage } });
    harness.upscale(1);
    harness.upscale(2);
    harness.upscale(3, { scale: 9 });
    await harness.advance(250);
    harness.processor.finish();
    await harness.turn();
    harness.send({ t: "stats", nonce: 8 });
    await harness.turn();
    expect(harness.ofType("stats")).toEqual([
      {
        t: "stats",
        nonce: 8,
        uptime_ms: 250,
        queued: 0,
        running: 1,
        in_flight_bytes: 5,
        unsent_bytes: 0,
        outcomes: { invalid_request: 1, result: 1 },
        stages: { decode: { queued: 1, running: 2, busy_ms: 3, failed: 2 ** 32 - 1 } },
        memory_mb: { rss: 100 },
      },
    ]);
  });

  it("logs every answer, and the counters of requests and stages once at the end", async () => {
    const usage = { stages: { encode: { queued: 0, running: 0, busy_ms: 7, wait_ms: 5 } }, memory_mb: {} };
    const lines: string[] = [];
    const log = createLog((line) => lines.push(line), { least: "debug", format: "json" });
    const harness = new Harness({ session: { readUsage: () => usage, log } });
    harness.upscale(1);
    await harness.advance(250);
    harness.processor.finish();
    harness.upscale(2, { scale: 9 });
    await harness.turn();
    harness.send({ t: "shutdown", mode: "drain" });
    await harness.turn();
    const logged = lines.map((line): Record<string, unknown> => JSON.parse(line));
    const named = (message: string) => logged.filter((line) => line.message === message);
    expect(named("page done")).toMatchObject([{ level: "debug", id: 1, queue: expect.any(Number) }]);
    expect(named("page refused")).toMatchObject([{ level: "debug", id: 2, code: "invalid_request" }]);
    expect(named("requests")).toMatchObject([
      { level: "info", uptime_ms: 250, result: 1, invalid_request: 1 },
    ]);
    expect(named("stage")).toMatchObject([
      { level: "info", name: "encode", uptime_ms: 250, queued: 0, running: 0, busy_ms: 7, wait_ms: 5 },
    ]);
  });

  it("logs no counters of a session without requests", async () => {
    const harness = new Harness();
    harness.send({ t: "shutdown", mode: "drain" });
    await harness.turn();
    expect(harness.exitCode).toBe(0);
    expect(harness.logged.filter((line) => line.includes("requests"))).toEqual([]);
  });

  it("sends progress at most ten times a second, and only to whom asked", async () => {
    const harness = new Harness({ processor: new FakeProcessor(2) });
    harness.upscale(1, { progress: true });
    harness.upscale(2);
    await harness.turn();
    const [asked, other] = harness.processor.started;
    for (let tile = 1; tile <= 100; tile++) {
      asked?.onProgress?.(tile, 100);
      other?.onProgress?.(tile, 100);
      harness.clock.advance(10);
    }
    await harness.turn();
    const progress = harness.ofType("progress");
    expect(progress.length).toBe(10);
    expect(progress[0]).toEqual({ t: "progress", id: 1, done: 1, total: 100 });
  });

  it("sends no progress after the answer", async () => {
    const harness = new Harness();
    harness.upscale(1, { progress: true });
    await harness.turn();
    const [job] = harness.processor.started;
    harness.processor.finish();
    await harness.turn();
    harness.clock.advance(1000);
    job?.onProgress?.(2, 2);
    await harness.turn();
    expect(harness.messages.at(-1)).toMatchObject({ t: "result", id: 1 });
  });
});
