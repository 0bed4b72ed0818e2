import { describe, expect, it } from "vitest";
import { InputQuarantined, QueueFull, RequestError } from "../../src/client/client-errors.js";
import { PROGRAM_VERSION } from "../../src/version.js";
import { ClientHarness, outcomeOf, settled } from "./fake-workers.js";
import { forbidUnhandledRejections } from "./unhandled.js";

forbidUnhandledRejections();

describe("a page", () => {
  it("waits for the worker's hello, goes out with its options and comes back with camel-case names", async () => {
    const harness = new ClientHarness();
    const { promise } = harness.page(1, {
      quality: 80,
      priority: 2,
      timeoutMs: 900,
      onProgress: () => undefined,
    });
    await settled();
    expect(harness.worker.received).toEqual([
      {
        t: "hello",
        proto: 1,
        client: { name: "bdreader-ncnn-upscaler", version: PROGRAM_VERSION },
        parent_pid: 4711,
      },
    ]);
    harness.clock.advance(100);
    await harness.serve();
    expect(harness.worker.of("upscale")).toEqual([
      ...[
        {
          t: "upscale",
          id: 1,
          quality: 80,
          progress: true,
          priority: 2,
          timeout_ms: 800,
          data: expect.anything(),
        },
      ],
    ]);
    harness.worker.result(1);
    expect(await promise).toEqual({
      ...{ width: 2, height: 4, format: "webp", model: "m", precision: "fp32", tile: 0, device: "fake" },
      ...{ cacheKey: "key 1", source: { width: 1, height: 2, format: "png" }, warnings: [] },
      timingsUs: { queue: 1, decode: 2, upscale: 3, encode: 4, total: 10 },
      data: Buffer.of(9),
    });
  });

  it("fails with the worker's code, message and whether to try again", async () => {
    const harness = await ClientHarness.ready();
    const { promise } = harness.page(1);
    harness.worker.error(1, "out_of_memory", true);
    await expect(promise).rejects.toBeInstanceOf(RequestError);
    await expect(promise).rejects.toMatchObject({ code: "out_of_memory", retryable: true });
  });

  it("is refused before it is sent when its options are wrong, naming the field", async () => {
    const harness = await ClientHarness.ready();
    const { promise } = harness.page(1, { quality: 101 });
    await expect(promise).rejects.toMatchObject({
      code: "invalid_request",
      message: "expected an integer from 1 to 100 for quality, received 101",
    });
    expect(await outcomeOf(harness.client.upscale("page.jpg" as unknown as Uint8Array))).toBe(
      "invalid_request",
    );
    expect(await harness.page(1, { timeoutMs: Number.NaN }).outcome).toBe("invalid_request");
    expect(harness.worker.of("upscale")).toEqual([]);
  });

  it("reports progress while it is waited for; a failing callback is not taken for a fault of the worker", async () => {
    const harness = await ClientHarness.ready();
    const seen: [number, number][] = [];
    const { promise } = harness.page(1, { onProgress: (done, total) => seen.push([done, total]) });
    harness.worker.say({ t: "progress", id: 1, done: 1, total: 3 });
    harness.worker.say({ t: "progress", id: 7, done: 1, total: 3 });
    harness.worker.result(1);
    harness.worker.say({ t: "progress", id: 1, done: 3, total: 3 });
    await promise;
    await settled();
    expect(seen).toEqual([[1, 3]]);
  });

  it("ignores fields and messages of a later version, and a second answer", async () => {
    const harness = await ClientHarness.ready();
    const { promise } = harness.page(1);
    harness.worker.say({ t: "future_notice", id: 1, more: [1] });
    harness.worker.say({
      t: "error",
      id: 1,
      code: "overheated",
      message: "?",
      retryable: true,
      more: { a: 1 },
    });
    harness.worker.result(1);
    await expect(promise).rejects.toMatchObject({ code: "overheated", retryable: true });
    expect(harness.lost).toEqual([]);
  });
});

describe("room at the worker", () => {
  it("is respected by count: what is too much waits, by priority", async () => {
    const harness = await ClientHarness.ready({}, { max_in_flight: 2 });
    const outcomes = [1, 2, 3].map((byte) => harness.page(byte, { priority: 0 }).outcome);
    const urgent = harness.page(4, { priority: 2 }).outcome;
    await settled();
    expect(harness.worker.pages).toEqual([1, 2]);
    expect([harness.client.inFlight, harness.client.queued]).toEqual([2, 2]);
    harness.worker.result(1);
    await settled();
    expect(harness.worker.pages).toEqual([1, 2, 4]);
    for (const id of [2, 3]) harness.worker.result(id);
    await settled();
    harness.worker.result(4);
    expect(await Promise.all([...outcomes, urgent])).toEqual(["result", "result", "result", "result"]);
  });

  it("is respected by bytes, and a page too large for it goes alone, to be judged by the worker", async () => {
    const harness = await ClientHarness.ready({}, { max_in_flight_bytes: 100 });
    const outcomes = [60, 60, 200].map((bytes, i) => harness.page(i + 1, {}, bytes).outcome);
    await settled();
    expect(harness.worker.pages).toEqual([1]);
    harness.worker.result(1);
    await settled();
    expect(harness.worker.pages).toEqual([1, 2]);
    harness.worker.result(2);
    await settled();
    expect(harness.worker.pages).toEqual([1, 2, 3]);
    harness.worker.error(3, "overloaded", true);
    expect(await Promise.all(outcomes)).toEqual(["result", "result", "overloaded"]);
  });

  it("can be limited further, and beyond maxQueued a page is refused with a typed error", async () => {
    const harness = await ClientHarness.ready({ maxInFlight: 1, maxQueued: 2 });
    const outcomes = [1, 2, 3].map((byte) => harness.page(byte).outcome);
    const { promise } = harness.page(4);
    await expect(promise).rejects.toBeInstanceOf(QueueFull);
    await expect(promise).rejects.toMatchObject({ code: "queue_full", retryable: true });
    for (const id of [1, 2, 3]) {
      harness.worker.result(id);
      await settled();
    }
    expect(await Promise.all(outcomes)).toEqual(["result", "result", "result"]);
  });
});

describe("aborting", () => {
  const reason = new Error("page turned");

  it("before the call sends nothing and rejects with the signal's reason", async () => {
    const harness = await ClientHarness.ready();
    expect(await harness.page(1, { signal: AbortSignal.abort(reason) }).outcome).toBe(reason);
    expect(harness.worker.of("upscale")).toEqual([]);
  });

  it("while it waits in the client takes it out of the queue", async () => {
    const harness = await ClientHarness.ready({ maxInFlight: 1 });
    const first = harness.page(1).outcome;
    const abortion = new AbortController();
    const { outcome } = harness.page(2, { signal: abortion.signal });
    abortion.abort(reason);
    expect(await outcome).toBe(reason);
    expect(harness.client.queued).toBe(0);
    harness.worker.result(1);
    await settled();
    expect(await first).toBe("result");
    expect(harness.worker.pages).toEqual([1]);
  });

  it("at the worker rejects at once, cancels there, and keeps its room until the worker has answered", async () => {
    const harness = await ClientHarness.ready({ maxInFlight: 1 });
    const abortion = new AbortController();
    const { outcome } = harness.page(1, { signal: abortion.signal });
    const next = harness.page(2).outcome;
    abortion.abort(reason);
    expect(await outcome).toBe(reason);
    await settled();
    expect(harness.worker.of("cancel")).toEqual([{ t: "cancel", id: 1 }]);
    expect(harness.worker.pages).toEqual([1]);
    harness.worker.error(1, "cancelled");
    await settled();
    expect(harness.worker.pages).toEqual([1, 2]);
    harness.worker.result(2);
    expect(await next).toBe("result");
  });

  it("after the answer does nothing", async () => {
    const harness = await ClientHarness.ready();
    const abortion = new AbortController();
    const { outcome } = harness.page(1, { signal: abortion.signal });
    harness.worker.result(1);
    expect(await outcome).toBe("result");
    abortion.abort(reason);
    await settled();
    expect(harness.worker.of("cancel")).toEqual([]);
  });

  it("is not undone by a crash: the page is not sent again", async () => {
    const harness = await ClientHarness.ready();
    const abortion = new AbortController();
    const { outcome } = harness.page(1, { signal: abortion.signal });
    abortion.abort(reason);
    expect(await outcome).toBe(reason);
    await harness.crashAndReplace();
    expect(harness.worker.pages).toEqual([]);
  });
});

describe("the handle", () => {
  it("changes priority and deadline, at the worker or while it waits", async () => {
    const harness = await ClientHarness.ready({ maxInFlight: 1 });
    const first = harness.page(1);
    const [second, third] = [harness.page(2), harness.page(3)];
    first.promise.update({ priority: 2, timeoutMs: 700 });
    third.promise.update({ priority: 2 });
    await settled();
    expect(harness.worker.of("update")).toEqual([{ t: "update", id: 1, priority: 2, timeout_ms: 700 }]);
    harness.worker.result(1);
    await settled();
    expect(harness.worker.pages).toEqual([1, 3]);
    expect(harness.worker.of("upscale")[1]).toMatchObject({ priority: 2 });
    harness.worker.result(2);
    await settled();
    harness.worker.result(3);
    expect(await Promise.all([first.outcome, second.outcome, third.outcome])).toEqual([
      "result",
      "result",
      "result",
    ]);
    expect(() => first.promise.update({ priority: 0 })).not.toThrow();
    expect(() => first.promise.update({ priority: 3 as 2 })).toThrow(
      "expected an integer from 0 to 2 for priority",
    );
  });

  it("cancels: the worker decides what has come first", async () => {
    const harness = await ClientHarness.ready({ maxInFlight: 2 });
    const pages = [1, 2, 3].map((byte) => harness.page(byte));
    for (const { promise } of pages) promise.cancel();
    expect(await pages[2]?.outcome).toBe("cancelled");
    harness.worker.error(1, "cancelled");
    harness.worker.result(2);
    expect(await Promise.all(pages.map(({ outcome }) => outcome))).toEqual([
      "cancelled",
      "result",
      "cancelled",
    ]);
  });
});

describe("a deadline", () => {
  it("is over in the client while the page waits there", async () => {
    const harness = new ClientHarness();
    const { outcome } = harness.page(1, { timeoutMs: 300 });
    harness.clock.advance(300);
    expect(await outcome).toBe("deadline_exceeded");
    await harness.serve();
    expect(harness.worker.pages).toEqual([]);
  });

  it("is left to the worker that has the page, but not for long", async () => {
    const harness = await ClientHarness.ready();
    const told = harness.page(1, { timeoutMs: 300 });
    const untold = harness.page(2, { timeoutMs: 300 });
    harness.clock.advance(300);
    harness.worker.error(1, "deadline_exceeded");
    await expect(told.promise).rejects.toThrow("about deadline_exceeded");
    harness.clock.advance(499);
    await settled();
    expect(harness.worker.of("cancel")).toEqual([]);
    harness.clock.advance(1);
    expect(await untold.outcome).toBe("deadline_exceeded");
    await settled();
    expect(harness.worker.of("cancel")).toEqual([{ t: "cancel", id: 2 }]);
  });
});

describe("asking the worker", () => {
  it("matches pong and stats to their questions", async () => {
    const harness = await ClientHarness.ready();
    const [ping, stats] = [harness.client.ping(), harness.client.stats()];
    await settled();
    const nonces = [...harness.worker.of("ping"), ...harness.worker.of("stats")].map(({ nonce }) => nonce);
    harness.worker.say({
      ...{
        t: "stats",
        nonce: nonces[1],
        uptime_ms: 5,
        queued: 0,
        running: 0,
        in_flight_bytes: 0,
        unsent_bytes: 0,
      },
      ...{ outcomes: { result: 3 }, stages: {}, memory_mb: {} },
    });
    harness.worker.say({ t: "pong", nonce: nonces[0], queued: 1, running: 2 });
    expect(await ping).toMatchObject({ queued: 1, running: 2 });
    expect(await stats).toMatchObject({ uptime_ms: 5, outcomes: { result: 3 } });
  });

  it("fails when the worker goes instead of answering, and between two workers", async () => {
    const harness = await ClientHarness.ready();
    const outcome = outcomeOf(harness.client.ping());
    harness.worker.exit({ code: 70 });
    expect(await outcome).toBe("connection_lost");
    await settled();
    expect(await outcomeOf(harness.client.stats())).toBe("connection_lost");
  });
});

describe("an input that crashes workers", () => {
  it("is found out by sending suspects alone, quarantined after the second crash, and the others are served", async () => {
    const harness = await ClientHarness.ready();
    const outcomes = [1, 2, 3].map((byte) => harness.page(byte).outcome);
    await settled();
    await harness.crashAndReplace();
    expect(harness.worker.pages).toEqual([1]);
    harness.worker.result(1);
    await settled();
    expect(harness.worker.pages).toEqual([1, 2]);
    await harness.crashAndReplace();
    expect(await outcomes[1]).toBe("internal");
    expect(harness.worker.pages).toEqual([3]);
    harness.worker.result(1);
    expect(await Promise.all(outcomes)).toEqual(["result", "internal", "result"]);
    const again = harness.page(2).promise;
    await expect(again).rejects.toBeInstanceOf(InputQuarantined);
    await expect(again).rejects.toThrow(/crashed twice .* quarantined/);
    harness.client.reset();
    const freed = harness.page(2).outcome;
    await settled();
    harness.worker.result(2);
    expect(await freed).toBe("result");
  });

  it.each([
    ["never were ready", (harness: ClientHarness) => harness.worker.hello()],
    [
      "left in order",
      async (harness: ClientHarness) => {
        await harness.serve();
        harness.worker.say({ t: "bye" });
      },
    ],
    [
      "found a fault in the client",
      async (harness: ClientHarness) => {
        await harness.serve();
        harness.worker.say({ t: "fatal", code: "client_stalled", message: "no reader" });
      },
    ],
  ])("is not blamed for workers that %s", async (_, serveBadly) => {
    const harness = new ClientHarness();
    const { outcome } = harness.page(1);
    for (let worker = 0; worker < 3; worker++) {
      await serveBadly(harness);
      await settled();
      expect(harness.worker.pages).toEqual([1]);
      harness.worker.exit({ code: 1 });
      await settled();
      harness.clock.advance(8_000);
    }
    await harness.serve();
    harness.worker.result(1);
    expect(await outcome).toBe("result");
  });

  it("is acquitted by a worker that survives it", async () => {
    const harness = await ClientHarness.ready();
    for (let round = 0; round < 3; round++) {
      const { outcome } = harness.page(1);
      await settled();
      await harness.crashAndReplace();
      harness.worker.result(1);
      expect(await outcome).toBe("result");
    }
  });

  it("counts once for one crash, however often the same page was asked for", async () => {
    const harness = await ClientHarness.ready();
    const outcomes = [harness.page(1).outcome, harness.page(1).outcome];
    await settled();
    await harness.crashAndReplace();
    harness.worker.result(1);
    await settled();
    harness.worker.result(2);
    expect(await Promise.all(outcomes)).toEqual(["result", "result"]);
  });
});
