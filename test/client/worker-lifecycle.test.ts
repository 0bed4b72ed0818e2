import type { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { CircuitOpen, ClientClosed, WorkerLost, WorkerUnusable } from "../../src/client/client-errors.js";
import { UpscaleClient } from "../../src/client/upscale-client.js";
import { ClientHarness, FakeWorker, outcomeOf, settled } from "./fake-workers.js";
import { forbidUnhandledRejections } from "./unhandled.js";

forbidUnhandledRejections();

/** How long the client waits until it starts the next worker, in milliseconds of the fake clock. */
async function waitForStart(harness: ClientHarness): Promise<number> {
  const before = harness.workers.length;
  for (let ms = 0; ms <= 20_000; ms += 50) {
    if (harness.workers.length > before) return ms;
    harness.clock.advance(50);
  }
  throw new Error("expected another worker to be started, none was within 20 s");
}

describe("a worker that dies", () => {
  it("is replaced after 0.25 s, then after twice as long each time up to 8 s", async () => {
    const harness = await ClientHarness.ready({ restart: { maxCrashes: 9 } });
    const waits: number[] = [];
    for (let crash = 0; crash < 7; crash++) {
      harness.worker.exit({ code: 70 });
      await settled();
      waits.push(await waitForStart(harness));
      await harness.serve();
    }
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 8000]);
  });

  it("starts from 0.25 s again once a worker was ready for 30 s", async () => {
    const harness = await ClientHarness.ready();
    for (const [readyMs, wait] of [
      [29_900, 250],
      [29_900, 500],
      [30_000, 250],
    ] as const) {
      harness.clock.advance(readyMs);
      harness.worker.exit({ code: 70 });
      await settled();
      expect(await waitForStart(harness)).toBe(wait);
      await harness.serve();
    }
  });

  it("five times in 180 s is not replaced any more: everything fails with CircuitOpen until reset()", async () => {
    const harness = await ClientHarness.ready();
    for (let crash = 0; crash < 4; crash++) await harness.crashAndReplace();
    const { promise, outcome } = harness.page(1);
    harness.worker.exit({ signal: "SIGSEGV" });
    await expect(promise).rejects.toBeInstanceOf(CircuitOpen);
    expect(await outcome).toBe("connection_lost");
    harness.clock.advance(600_000);
    await expect(harness.page(2).promise).rejects.toThrow(/SIGSEGV.*reset\(\)/);
    await expect(harness.client.ready()).rejects.toBeInstanceOf(CircuitOpen);
    expect(harness.workers.length).toBe(5);
    harness.client.reset();
    await harness.serve();
    const served = harness.page(1).outcome;
    await settled();
    harness.worker.result(1);
    expect(await served).toBe("result");
  });

  it("five times over a longer time is replaced each time", async () => {
    const harness = await ClientHarness.ready();
    for (let crash = 0; crash < 8; crash++) {
      harness.clock.advance(40_000);
      await harness.crashAndReplace();
    }
    expect(harness.workers.length).toBe(9);
  });

  it("gives its pages to the next one, which answers each once", async () => {
    const harness = await ClientHarness.ready({ maxInFlight: 2 });
    const outcomes = [1, 2, 3].map((byte) => harness.page(byte).outcome);
    await settled();
    harness.worker.result(1);
    await settled();
    expect(harness.worker.pages).toEqual([1, 2, 3]);
    await harness.crashAndReplace();
    for (const id of [1, 2]) {
      harness.worker.result(id);
      await settled();
    }
    expect(harness.worker.pages).toEqual([2, 3]);
    expect(await Promise.all(outcomes)).toEqual(["result", "result", "result"]);
  });

  it("is told of once, with how it ended", async () => {
    const harness = await ClientHarness.ready();
    harness.worker.exit({ signal: "SIGKILL" });
    await settled();
    expect(harness.lost).toEqual(["the worker was ended by SIGKILL"]);
    expect(harness.client.worker).toBeNull();
  });

  it("is not replaced where that is not wanted", async () => {
    const harness = await ClientHarness.ready({ restart: false });
    const { promise } = harness.page(1);
    harness.worker.exit({ code: 70 });
    await expect(promise).rejects.toThrow(
      "expected the worker to stay, but the worker has ended with exit code 70",
    );
    await expect(harness.page(2).promise).rejects.toBeInstanceOf(WorkerLost);
    harness.client.reset();
    harness.clock.advance(60_000);
    expect(harness.workers.length).toBe(1);
  });
});

describe("a worker that cannot start", () => {
  it.each([
    ["exit code 64", { code: 64 }],
    ["exit code 69", { code: 69 }],
    ["exit code 76", { code: 76 }],
    ["a command that is not there", { spawnError: new Error("spawn nothing ENOENT") }],
  ])("is not tried again after %s, until reset()", async (_, exit) => {
    const harness = new ClientHarness();
    const { promise } = harness.page(1);
    harness.worker.exit(exit);
    await expect(promise).rejects.toBeInstanceOf(WorkerUnusable);
    harness.clock.advance(60_000);
    expect(harness.workers.length).toBe(1);
    harness.client.reset();
    expect(harness.workers.length).toBe(2);
  });

  it("is not tried again when it speaks no version that the client does", async () => {
    const harness = new ClientHarness();
    const outcome = outcomeOf(harness.client.ready());
    harness.worker.say({
      ...{ t: "hello", proto: [2, 3], name: "f", version: "0", pid: 1, features: [] },
      limits: {
        max_frame: 1,
        max_in_flight: 1,
        max_in_flight_bytes: 1,
        max_input_pixels: 1,
        max_output_side: 1,
      },
    });
    expect(await outcome).toBe("connection_lost");
    expect(harness.lost[0]).toContain("2, 3");
    expect(harness.worker.isKilled).toBe(true);
  });

  it("is tried again when an earlier one could: the device may come back", async () => {
    const harness = await ClientHarness.ready();
    await harness.crashAndReplace();
    harness.worker.exit({ code: 69 });
    await settled();
    expect(await waitForStart(harness)).toBeGreaterThan(0);
  });

  it("is given up when starting it throws", async () => {
    const harness = new ClientHarness({}, () => {
      throw new Error("too many open files");
    });
    await expect(harness.page(1).promise).rejects.toThrow("too many open files");
  });
});

describe("a worker that hangs", () => {
  it("is killed and replaced 10 s after a ping that it did not answer", async () => {
    const harness = await ClientHarness.ready();
    const { outcome } = harness.page(1);
    harness.clock.advance(2_000);
    await settled();
    expect(harness.worker.of("ping").length).toBe(1);
    harness.clock.advance(9_999);
    expect(harness.worker.isKilled).toBe(false);
    harness.clock.advance(1);
    expect(harness.worker.isKilled).toBe(true);
    await settled();
    expect(harness.lost).toEqual(["the worker gave no sign of life for 10000 ms after a ping"]);
    await waitForStart(harness);
    await harness.serve();
    harness.worker.result(1);
    expect(await outcome).toBe("result");
  });

  it("is left alone while it has nothing to do, and while it says anything", async () => {
    const harness = await ClientHarness.ready();
    harness.clock.advance(120_000);
    await settled();
    expect(harness.worker.of("ping")).toEqual([]);
    const { outcome } = harness.page(1, { onProgress: () => undefined });
    for (let done = 0; done < 10; done++) {
      harness.clock.advance(9_000);
      harness.worker.say({ t: "progress", id: 1, done, total: 10 });
      await settled();
    }
    expect(harness.worker.isKilled).toBe(false);
    harness.worker.result(1);
    expect(await outcome).toBe("result");
  });

  it("is noticed by ping(), too", async () => {
    const harness = await ClientHarness.ready();
    const outcome = outcomeOf(harness.client.ping());
    harness.clock.advance(12_000);
    expect(await outcome).toBe("connection_lost");
  });

  it("before hello is killed after 30 s", async () => {
    const harness = new ClientHarness();
    harness.clock.advance(30_000);
    expect(harness.worker.isKilled).toBe(true);
    await settled();
    expect(harness.lost).toEqual(["the worker has not said hello within 30000 ms"]);
  });

  it("even against SIGKILL is left behind and replaced", async () => {
    const harness = await ClientHarness.ready();
    harness.worker.isImmortal = true;
    const { outcome } = harness.page(1);
    harness.clock.advance(12_000);
    await settled();
    expect(harness.workers.length).toBe(1);
    harness.clock.advance(2_000);
    await settled();
    harness.clock.advance(250);
    await harness.serve();
    harness.worker.result(1);
    expect(await outcome).toBe("result");
  });
});

describe("a worker that breaks the protocol", () => {
  it.each([
    ["text between frames", (worker: FakeWorker) => worker.write(Buffer.from("vulkan: ok\n"))],
    ["a result without its fields", (worker: FakeWorker) => worker.say({ t: "result", id: 1 })],
    ["a second hello", (worker: FakeWorker) => worker.hello()],
  ])("by %s is killed and replaced", async (_, violate) => {
    const harness = await ClientHarness.ready();
    const { outcome } = harness.page(1);
    await settled();
    violate(harness.worker);
    await settled();
    expect(harness.worker.isKilled).toBe(true);
    await waitForStart(harness);
    await harness.serve();
    harness.worker.result(1);
    expect(await outcome).toBe("result");
  });
});

describe("a worker that says goaway", () => {
  it("gets no new pages; what it refuses and what comes later goes to the next one", async () => {
    const harness = await ClientHarness.ready();
    const [first, second] = [harness.page(1).outcome, harness.page(2).outcome];
    harness.worker.say({ t: "goaway", reason: "terminated" });
    await settled();
    const third = harness.page(3).outcome;
    harness.worker.error(2, "shutting_down", true);
    harness.worker.result(1);
    harness.worker.say({ t: "bye" });
    harness.worker.exit({ code: 75 });
    await settled();
    expect(harness.worker.pages).toEqual([1, 2]);
    await waitForStart(harness);
    await harness.serve();
    expect(harness.worker.pages).toEqual([2, 3]);
    for (const id of [1, 2]) harness.worker.result(id);
    expect(await Promise.all([first, second, third])).toEqual(["result", "result", "result"]);
  });

  it("passes its refusal on where it is not replaced", async () => {
    const harness = await ClientHarness.ready({ restart: false });
    const { outcome } = harness.page(1);
    harness.worker.say({ t: "goaway", reason: "terminated" });
    harness.worker.error(1, "shutting_down", true);
    expect(await outcome).toBe("shutting_down");
  });
});

describe("close", () => {
  it("drains: everything is answered, then the worker is asked to end; again, it is the same promise", async () => {
    const harness = await ClientHarness.ready({ maxInFlight: 1 });
    const outcomes = [harness.page(1).outcome, harness.page(2).outcome];
    const closed = harness.client.close();
    expect(harness.client.close()).toBe(closed);
    await expect(harness.page(3).promise).rejects.toBeInstanceOf(ClientClosed);
    await settled();
    expect(harness.worker.of("shutdown")).toEqual([]);
    harness.worker.result(1);
    await settled();
    expect(harness.worker.of("shutdown")).toEqual([{ t: "shutdown", mode: "drain" }]);
    expect(harness.worker.pages).toEqual([1, 2]);
    harness.worker.result(2);
    harness.worker.say({ t: "bye" });
    harness.worker.exit({ code: 0 });
    expect(await closed).toEqual({ code: 0, signal: null });
    expect(await Promise.all(outcomes)).toEqual(["result", "result"]);
    expect(harness.lost).toEqual([]);
    expect(harness.clock.pending).toBe(0);
  });

  it("now fails what waits, and passes on what the worker says of the rest", async () => {
    const harness = await ClientHarness.ready({ maxInFlight: 1 });
    const outcomes = [harness.page(1).outcome, harness.page(2).outcome];
    const closed = harness.client.close({ mode: "now", graceMs: 100 });
    expect(await outcomes[1]).toBe("client_closed");
    await settled();
    expect(harness.worker.of("shutdown")).toEqual([{ t: "shutdown", mode: "now", grace_ms: 100 }]);
    harness.worker.error(1, "shutting_down", true);
    harness.worker.say({ t: "bye" });
    harness.worker.exit({ code: 0 });
    await closed;
    expect(await outcomes[0]).toBe("shutting_down");
  });

  it("hurries a drain when it is called again with now", async () => {
    const harness = await ClientHarness.ready();
    const { outcome } = harness.page(1);
    const closed = harness.client.close();
    void harness.client.close({ mode: "now" });
    await settled();
    expect(harness.worker.of("shutdown").map(({ mode }) => mode)).toEqual(["drain", "now"]);
    harness.worker.exit({ code: 0 });
    await closed;
    expect(await outcome).toBe("client_closed");
  });

  it("kills a worker that stays although it has nothing left to do", async () => {
    const harness = await ClientHarness.ready();
    const closed = harness.client.close();
    harness.clock.advance(10_000);
    expect(await closed).toEqual({ code: null, signal: "SIGKILL" });
  });

  it("during the wait for a replacement ends at once when nothing waits", async () => {
    const harness = await ClientHarness.ready();
    harness.worker.exit({ code: 70 });
    await settled();
    expect(await harness.client.close()).toEqual({ code: 70, signal: null });
    harness.clock.advance(60_000);
    expect(harness.workers.length).toBe(1);
    expect(harness.clock.pending).toBe(0);
  });

  it("during that wait drains by the replacement when something waits, or fails it with now", async () => {
    const harness = await ClientHarness.ready();
    harness.worker.exit({ code: 70 });
    await settled();
    const { outcome } = harness.page(1);
    const closed = harness.client.close();
    await waitForStart(harness);
    await harness.serve();
    harness.worker.result(1);
    expect(await outcome).toBe("result");
    harness.worker.exit({ code: 0 });
    expect(await closed).toEqual({ code: 0, signal: null });

    const other = await ClientHarness.ready();
    other.worker.exit({ code: 70 });
    await settled();
    const failed = other.page(1).outcome;
    await other.client.close({ mode: "now" });
    expect(await failed).toBe("client_closed");
  });

  it("during a drain still replaces a worker that dies with pages", async () => {
    const harness = await ClientHarness.ready();
    const { outcome } = harness.page(1);
    const closed = harness.client.close();
    await harness.crashAndReplace();
    expect(harness.worker.of("shutdown").length).toBe(1);
    harness.worker.result(1);
    harness.worker.say({ t: "bye" });
    harness.worker.exit({ code: 0 });
    await closed;
    expect(await outcome).toBe("result");
  });

  it("fails whoever waits for a worker to be ready", async () => {
    const harness = new ClientHarness();
    const outcome = outcomeOf(harness.client.ready());
    const closed = harness.client.close({ mode: "now" });
    harness.worker.exit({ code: 0 });
    await closed;
    expect(await outcome).toBe("client_closed");
  });

  it("is what disposing of the client does", async () => {
    const harness = await ClientHarness.ready();
    const disposed = harness.client[Symbol.asyncDispose]();
    await settled();
    expect(harness.worker.of("shutdown")).toEqual([{ t: "shutdown", mode: "drain" }]);
    harness.worker.exit({ code: 0 });
    await disposed;
  });
});

describe("a client attached to streams", () => {
  it("speaks over them, names no parent, and loses everything with them", async () => {
    const worker = new FakeWorker();
    const client = UpscaleClient.attach(worker.fromWorker, worker.toWorker);
    worker.hello();
    worker.ready();
    expect((await client.ready()).hello.name).toBe("fake");
    const [first, second] = [client.upscale(Uint8Array.of(1)), outcomeOf(client.upscale(Uint8Array.of(2)))];
    await settled();
    expect(worker.received[0]).not.toHaveProperty("parent_pid");
    worker.result(1);
    expect((await first).width).toBe(2);
    worker.fromWorker.end();
    expect(await second).toBe("connection_lost");
    await expect(client.upscale(Uint8Array.of(3))).rejects.toBeInstanceOf(WorkerLost);
    await client.close();
  });

  it("closes in order: shutdown, bye, and its own end of the stream ends", async () => {
    const worker = new FakeWorker();
    const client = UpscaleClient.attach(worker.fromWorker, worker.toWorker as PassThrough);
    worker.hello();
    await settled();
    const closed = client.close();
    await settled();
    expect(worker.of("shutdown").length).toBe(1);
    worker.say({ t: "bye" });
    worker.fromWorker.end();
    expect(await closed).toEqual({ code: null, signal: null });
    expect(worker.toWorker.writableEnded).toBe(true);
  });
});
