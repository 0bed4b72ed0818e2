import { describe, expect, it } from "vitest";
import { DEFAULT_WORKER_LIMITS } from "../../protocol/limits.js";
import { PRIORITY } from "../../protocol/messages.js";
import { encodeMessage, type RawMessage } from "../../src/wire/codec.js";
import { screentonePage } from "../support/pages.js";
import type { RawWorker } from "../support/worker.js";
import { workerPool } from "../support/worker-pool.js";

const { start, startTestWorker } = workerPool();
const small = await screentonePage(48, 32);
const large = await screentonePage(1200, 900);

function terminals(worker: RawWorker): RawMessage[] {
  return worker.messages.filter((message) => message.t === "result" || message.t === "error");
}

function idsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

describe("many requests", () => {
  it("answers each of 1000 in one write once, and refuses only what is past its limit", async () => {
    const worker = startTestWorker().hello();
    const ids = idsFrom(1, 1000);
    const frames = ids.flatMap((id) => encodeMessage({ t: "upscale", id, data: small, effort: 0 }));
    worker.write(Buffer.concat(frames)).send({ t: "shutdown", mode: "drain" });
    expect((await worker.ended).code).toBe(0);
    const answers = terminals(worker);
    expect(answers.map(({ id }) => Number(id)).sort((a, b) => a - b)).toEqual(ids);
    const { maxInFlight } = DEFAULT_WORKER_LIMITS;
    const answered = answers.filter(({ t }) => t === "result").map(({ id }) => Number(id));
    expect(answered.length).toBeGreaterThanOrEqual(maxInFlight);
    expect(answered.filter((id) => id <= maxInFlight).length).toBe(maxInFlight);
    for (const { t, code, retryable } of answers) {
      if (t === "error") expect({ code, retryable }).toEqual({ code: "overloaded", retryable: true });
    }
  });

  it("refuses more image bytes than its limit, and takes them once there is room", async () => {
    const limit = 3 * small.length;
    const worker = startTestWorker("--fault", "slow=300", "--limit", `maxInFlightBytes=${limit}`).hello();
    for (const id of [1, 2, 3, 4]) worker.send({ t: "upscale", id, data: small });
    expect(await worker.answer(4)).toMatchObject({ t: "error", code: "overloaded", retryable: true });
    expect(terminals(worker).length).toBe(1);
    await worker.answer(1);
    worker.send({ t: "upscale", id: 5, data: small });
    expect(await worker.answer(5)).toMatchObject({ t: "result" });
    expect(worker.messages[0]).toMatchObject({ t: "hello", limits: { max_in_flight_bytes: limit } });
  });
});

/** Pages that may be ahead of the next one whatever its priority: those that have left the queue for the stages. */
const PAGES_IN_STAGES = 8;

describe("a page in view", () => {
  it("is next when it is sent behind 50 prefetched pages", async () => {
    const worker = start().hello();
    for (const id of idsFrom(1, 50)) {
      worker.send({ t: "upscale", id, data: small, priority: PRIORITY.prefetch });
    }
    await worker.answer(1);
    worker.send({ t: "upscale", id: 51, data: small, priority: PRIORITY.visible });
    const before = terminals(worker).length;
    await worker.answer(51);
    const place = terminals(worker).findIndex(({ id }) => id === 51);
    expect(place - before).toBeLessThanOrEqual(PAGES_IN_STAGES);
    expect(before).toBeLessThan(40);
  });

  it("is next when update says that it has come into view", async () => {
    const worker = startTestWorker("--fault", "slow=30").hello();
    for (const id of idsFrom(1, 50)) {
      worker.send({ t: "upscale", id, data: small, priority: PRIORITY.prefetch });
    }
    await worker.answer(1);
    worker.send({ t: "update", id: 50, priority: PRIORITY.visible });
    await worker.answer(50);
    expect(terminals(worker).findIndex(({ id }) => id === 50)).toBeLessThanOrEqual(PAGES_IN_STAGES + 1);
    await worker.answer(49);
  });
});

describe("under full load", () => {
  it("answers ping and stats within a second, before the page that runs", async () => {
    const worker = start().hello();
    for (const id of idsFrom(1, 12)) worker.send({ t: "upscale", id, data: large, progress: true });
    await worker.type("progress");
    const asked = performance.now();
    worker.send({ t: "ping", nonce: 1 }).send({ t: "stats", nonce: 2 });
    const [pong, stats] = await Promise.all([worker.type("pong"), worker.type("stats")]);
    expect(performance.now() - asked).toBeLessThan(1000);
    expect(terminals(worker)).toEqual([]);
    expect(pong).toMatchObject({ nonce: 1 });
    expect(Number(pong.queued) + Number(pong.running)).toBe(12);
    expect(stats).toMatchObject({ nonce: 2, in_flight_bytes: 12 * large.length, outcomes: {} });
  });
});
