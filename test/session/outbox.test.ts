import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { Outbox } from "../../src/session/outbox.js";
import { UnsendableMessage } from "../../src/wire/codec.js";
import { FakeClock } from "./fake-clock.js";

const LIMITS = { maxUnsentBytes: 1000, maxUnsentFrames: 50, stallMs: 60_000, flushStallMs: 10_000 };

function setUp(highWaterMark = 16) {
  const clock = new FakeClock();
  const output = new PassThrough({ highWaterMark });
  const events: string[] = [];
  const outbox = new Outbox(output, clock, LIMITS, {
    onRoom: () => events.push("room"),
    onStalled: (problem) => events.push(problem),
    onBroken: () => events.push("broken"),
  });
  return { clock, output, events, outbox };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const LONG = { t: "goaway", reason: "x".repeat(2000) } as const;

describe("Outbox", () => {
  it("is backlogged past its limit, tells when that is over, and disarms its watch", async () => {
    const { clock, output, events, outbox } = setUp();
    outbox.send({ t: "bye" });
    expect([outbox.isBacklogged, clock.pending]).toEqual([false, 0]);
    outbox.send(LONG);
    expect([outbox.isBacklogged, clock.pending]).toEqual([true, 1]);
    output.resume();
    await turn();
    expect([outbox.isBacklogged, clock.pending, outbox.unsentBytes]).toEqual([false, 0, 0]);
    expect(events).toContain("room");
  });

  it("sends nothing of a message that it cannot encode", () => {
    const { outbox } = setUp();
    expect(() => outbox.send({ t: "pong", nonce: 0.5, queued: 0, running: 0 })).toThrow(UnsendableMessage);
    expect(outbox.unsentBytes).toBe(0);
  });

  it("sends nothing after its last message", async () => {
    const { output, outbox } = setUp();
    const chunks: Buffer[] = [];
    output.on("data", (chunk: Buffer) => chunks.push(chunk));
    const closed = outbox.close({ t: "bye" });
    outbox.send(LONG);
    await closed;
    await turn();
    expect(Buffer.concat(chunks).toString("latin1")).toContain("bye");
    expect(Buffer.concat(chunks).toString("latin1")).not.toContain("goaway");
  });

  it("gives up on a client that takes nothing of the last frames, even right after a stall", async () => {
    const { clock, outbox } = setUp();
    outbox.send(LONG);
    outbox.send(LONG);
    let closed = false;
    void outbox.close({ t: "bye" }).then(() => {
      closed = true;
    });
    clock.advance(9999);
    await turn();
    expect(closed).toBe(false);
    clock.advance(1);
    await turn();
    expect([closed, clock.pending]).toEqual([true, 0]);
  });

  it("closes at once when the client is gone", async () => {
    const { clock, output, events, outbox } = setUp();
    outbox.send(LONG);
    output.destroy();
    await turn();
    await outbox.close({ t: "bye" });
    expect(events).toEqual(["broken"]);
    expect(clock.pending).toBe(0);
  });
});
