import { describe, expect, it } from "vitest";
import { EXIT } from "../../protocol/error-codes.js";
import { FatalError, UpscalerError } from "../../src/errors.js";
import { FakeProcessor, pageResult } from "./fake-processor.js";
import { Harness } from "./session-harness.js";

const LIMITS = { maxUnsentBytes: 10_000 };

/** A session whose client has left one result unread, with request 2 waiting. */
async function backlogged(resultBytes = 1_000_000): Promise<Harness> {
  const harness = new Harness({ unread: true, limits: LIMITS });
  harness.upscale(1);
  harness.upscale(2);
  await harness.turn();
  harness.processor.finish(pageResult(Buffer.alloc(resultBytes)));
  await harness.turn();
  return harness;
}

describe("Session: a client that reads slowly", () => {
  it("starts nothing while more output than the limit is unread, and goes on once it is read", async () => {
    const harness = await backlogged();
    expect(harness.startedIds).toEqual([1]);
    harness.read();
    await harness.turn();
    expect(harness.startedIds).toEqual([1, 2]);
    expect(harness.answers(1)[0]?.data).toHaveLength(1_000_000);
  });

  it("goes on reading: cancel and update work while nothing is read", async () => {
    const harness = await backlogged();
    harness.send({ t: "cancel", id: 2 });
    harness.upscale(3, { data: Buffer.alloc(500_000) });
    await harness.turn();
    harness.read();
    await harness.turn();
    expect(harness.outcomes(2)).toEqual(["cancelled"]);
    expect(harness.startedIds).toEqual([1, 3]);
  });

  it("sends no progress while too much is unread", async () => {
    const harness = new Harness({ unread: true, limits: LIMITS, processor: new FakeProcessor(2) });
    harness.upscale(1);
    harness.upscale(2, { progress: true });
    await harness.turn();
    harness.processor.finish(pageResult(Buffer.alloc(1_000_000)));
    await harness.turn();
    for (let tile = 0; tile < 50; tile++) {
      harness.processor.started[1]?.onProgress?.(tile, 50);
      harness.clock.advance(100);
    }
    harness.read();
    await harness.turn();
    expect(harness.ofType("progress")).toEqual([]);
  });

  it("ends when nothing is read for a minute, and says why to whom reads at last", async () => {
    const harness = await backlogged();
    await harness.advance(59_999);
    expect(harness.exitCode).toBeNull();
    await harness.advance(1);
    expect(harness.exitCode).toBeNull();
    harness.read();
    await harness.turn();
    expect(harness.messages.at(-1)).toMatchObject({ t: "fatal", code: "client_stalled" });
    expect(harness.outcomes(2)).toEqual(["shutting_down"]);
    expect(harness.exitCode).toBe(EXIT.protocol);
  });

  it("ends without the client when that never reads again", async () => {
    const harness = await backlogged();
    await harness.advance(60_000);
    await harness.advance(10_000);
    expect(harness.exitCode).toBe(EXIT.protocol);
    expect(harness.clock.pending).toBe(0);
  });

  it("is patient with a client that reads a little now and then", async () => {
    const harness = await backlogged(3_000_000);
    for (let minute = 0; minute < 5; minute++) {
      await harness.advance(50_000);
      // What the stream holds: one batch of the writer.
      expect((harness.output.read() as Buffer | null)?.length).toBeGreaterThan(0);
      await harness.turn();
      expect(harness.exitCode).toBeNull();
    }
    await harness.advance(60_000);
    await harness.advance(10_000);
    expect(harness.exitCode).toBe(EXIT.protocol);
  });

  it("does not mind a client that leaves less than the limit unread, for however long", async () => {
    const harness = new Harness({ unread: true, limits: LIMITS });
    harness.upscale(1);
    await harness.turn();
    harness.processor.finish(pageResult(Buffer.alloc(5000)));
    await harness.advance(3_600_000);
    expect(harness.exitCode).toBeNull();
  });

  it("bounds the number of unread frames, whatever their size", async () => {
    const harness = new Harness({ unread: true, limits: { maxUnsentFrames: 100 } });
    for (let nonce = 0; nonce < 400; nonce++) harness.send({ t: "ping", nonce });
    await harness.turn();
    harness.read();
    await harness.turn();
    expect(harness.messages.at(-1)).toMatchObject({ t: "fatal", code: "client_stalled" });
    expect(harness.ofType("pong").length).toBeLessThan(250);
    expect(harness.exitCode).toBe(EXIT.protocol);
  });

  it("starts nothing that stands behind the end in the same chunk", async () => {
    const harness = new Harness({ unread: true, limits: { maxUnsentFrames: 20 } });
    await harness.turn();
    const pings = Array.from({ length: 50 }, (_, nonce) => ({ t: "ping", nonce }) as const);
    harness.send(...pings, { t: "upscale", id: 1, data: Buffer.from("image") });
    await harness.turn();
    expect(harness.processor.started).toEqual([]);
    harness.read();
    await harness.turn();
    expect(harness.messages.at(-1)).toMatchObject({ t: "fatal", code: "client_stalled" });
  });

  it("waits for a client that reads its last results slowly, as long as it reads", async () => {
    const harness = await backlogged(3_000_000);
    harness.send({ t: "shutdown", mode: "now" });
    let reads = 0;
    for (; harness.exitCode === null && reads < 20; reads++) {
      await harness.advance(9000);
      harness.output.read();
      await harness.turn();
    }
    expect(harness.exitCode).toBe(EXIT.ok);
    expect(reads).toBeGreaterThan(2);
  });
});

describe("Session: a client that asks for back-pressure", () => {
  const FULL = { maxInFlight: 2, maxUnsentBytes: 10_000 };

  async function fullSession(limits = FULL, places = 1): Promise<Harness> {
    const processor = new FakeProcessor(places);
    const harness = new Harness({ silent: true, limits, processor });
    const client = { name: "test", version: "0" };
    harness.send({ t: "hello", proto: 1, client, features: ["telepathy", "back_pressure"] });
    await harness.turn();
    for (let id = 1; id <= 5; id++) {
      harness.upscale(id);
      await harness.turn();
    }
    return harness;
  }

  it("is not read while the limit of requests is reached, and refused nothing", async () => {
    const harness = await fullSession();
    expect(harness.input.isPaused()).toBe(true);
    harness.send({ t: "ping", nonce: 1 });
    await harness.turn();
    expect(harness.ofType("pong")).toEqual([]);
    for (let page = 1; page <= 5; page++) {
      harness.processor.finish();
      await harness.turn();
    }
    expect([1, 2, 3, 4, 5].map((id) => harness.outcomes(id))).toEqual(Array(5).fill(["result"]));
    expect(harness.ofType("pong")).toHaveLength(1);
  });

  it("is not read while the limit of bytes is reached", async () => {
    const harness = await fullSession({
      ...FULL,
      maxInFlight: 100,
      maxInFlightBytes: 3 * "image".length,
    } as typeof FULL);
    expect(harness.input.isPaused()).toBe(true);
    harness.processor.finish();
    await harness.turn();
    harness.processor.finish();
    await harness.turn();
    expect([1, 2].map((id) => harness.outcomes(id))).toEqual([["result"], ["result"]]);
    harness.processor.fail(new UpscalerError("decode_failed", "bad"));
    await harness.turn();
    expect(harness.input.isPaused()).toBe(false);
  });

  it("has what one read brings taken past the limit", async () => {
    const harness = await fullSession({ ...FULL, maxInFlight: 6 });
    expect(harness.input.isPaused()).toBe(false);
    const requests = [6, 7, 8].map((id) => ({ t: "upscale", id, data: Buffer.from("image") }) as const);
    harness.send(...requests);
    await harness.turn();
    expect(harness.input.isPaused()).toBe(true);
    expect(harness.ofType("error")).toEqual([]);
  });

  it("has everything answered when its input ends while it is not read", async () => {
    const harness = await fullSession();
    harness.input.end();
    await harness.turn();
    expect(harness.exitCode).toBeNull();
    for (let page = 1; page <= 5; page++) {
      harness.processor.finish();
      await harness.turn();
    }
    expect(harness.ofType("result")).toHaveLength(5);
    expect(harness.exitCode).toBe(EXIT.ok);
  });

  it.each(["terminated", "broken"])("is read again when the session is %s", async (how) => {
    const harness = await fullSession();
    if (how === "terminated") {
      harness.session.terminate("SIGTERM");
      harness.processor.finish();
    } else {
      harness.processor.fail(new FatalError("internal_fatal", "broken"));
    }
    await harness.turn();
    expect(harness.input.readableLength).toBe(0);
    expect(harness.exitCode).toBe(how === "terminated" ? EXIT.ok : EXIT.internal);
  });
});
