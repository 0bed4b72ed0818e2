import { describe, expect, it } from "vitest";
import { EXIT } from "../../protocol/error-codes.js";
import { UpscalerError } from "../../src/errors.js";
import { encodeMessage } from "../../src/wire/codec.js";
import { FakeProcessor } from "./fake-processor.js";
import { Harness, type HarnessOptions } from "./session-harness.js";

/** A session with request 1 running and request 2 waiting. */
async function busy(options: HarnessOptions = {}): Promise<Harness> {
  const harness = new Harness(options);
  harness.upscale(1);
  harness.upscale(2);
  await harness.turn();
  expect(harness.startedIds).toEqual([1]);
  return harness;
}

async function finishOne(harness: Harness): Promise<void> {
  harness.processor.finish();
  await harness.turn();
}

function expectEnd(harness: Harness, exitCode: number, lastType: string): void {
  expect(harness.exitCode).toBe(exitCode);
  expect(harness.types.at(-1)).toBe(lastType);
  expect(harness.types.filter((type) => type === "bye" || type === "fatal").length).toBe(1);
  expect(harness.clock.pending).toBe(0);
  expect(harness.input.destroyed).toBe(true);
}

describe("Session: end of the input", () => {
  it("says bye at once when nothing is unanswered, before a hello too", async () => {
    for (const silent of [false, true]) {
      const harness = new Harness({ silent });
      await harness.turn();
      harness.input.end();
      await harness.turn();
      expectEnd(harness, EXIT.ok, "bye");
    }
  });

  it("finishes what runs and what waits, then says bye", async () => {
    const harness = await busy();
    harness.input.end();
    await harness.turn();
    await finishOne(harness);
    expect(harness.exitCode).toBeNull();
    await finishOne(harness);
    expect([harness.outcomes(1), harness.outcomes(2)]).toEqual([["result"], ["result"]]);
    expectEnd(harness, EXIT.ok, "bye");
  });

  it("waits for as long as the work takes: the input may be a file of many pages", async () => {
    const harness = await busy();
    harness.input.end();
    await harness.advance(3_600_000);
    expect(harness.exitCode).toBeNull();
    for (let page = 0; page < 2; page++) await finishOne(harness);
    expect([harness.outcomes(1), harness.outcomes(2)]).toEqual([["result"], ["result"]]);
    expectEnd(harness, EXIT.ok, "bye");
  });

  it("keeps the limit that a shutdown has set before", async () => {
    const harness = await busy({ processor: new FakeProcessor(1, false) });
    harness.send({ t: "shutdown", mode: "drain", grace_ms: 300 });
    harness.input.end();
    await harness.advance(300);
    expect([harness.outcomes(1), harness.outcomes(2)]).toEqual([["shutting_down"], ["shutting_down"]]);
    expectEnd(harness, EXIT.ok, "bye");
  });

  it("leaves nothing to do for work whose reader is gone", async () => {
    const harness = await busy();
    harness.input.end();
    await harness.turn();
    harness.output.destroy();
    await harness.turn();
    expect(harness.exitCode).toBe(EXIT.ok);
    expect(harness.processor.started[0]?.signal.aborted).toBe(true);
  });

  it("is an error inside a frame, at every byte of it", async () => {
    const frame = Buffer.concat(encodeMessage({ t: "ping", nonce: 1 }));
    for (let length = 1; length < frame.length; length++) {
      const harness = new Harness();
      harness.upscale(1);
      harness.write(frame.subarray(0, length));
      harness.input.end();
      await harness.turn();
      expect(harness.outcomes(1)).toEqual(["shutting_down"]);
      expect(harness.messages.at(-1)).toMatchObject({ t: "fatal", code: "frame_truncated" });
      expectEnd(harness, EXIT.protocol, "fatal");
    }
  });

  it("ends the session when reading fails", async () => {
    const harness = new Harness();
    await harness.turn();
    harness.input.destroy(new Error("read EIO"));
    await harness.turn();
    expect(harness.messages.at(-1)).toMatchObject({ t: "fatal", code: "internal_fatal" });
    expect(harness.messages.at(-1)?.message).toContain("read EIO");
    expect(harness.exitCode).toBe(EXIT.internal);
  });

  it("still loads the model for work that came before", async () => {
    const harness = new Harness({ unloaded: true });
    harness.upscale(1);
    await harness.turn();
    harness.input.end();
    await harness.turn();
    harness.load();
    await harness.turn();
    await finishOne(harness);
    expect(harness.outcomes(1)).toEqual(["result"]);
    expectEnd(harness, EXIT.ok, "bye");
  });
});

describe("Session: shutdown", () => {
  it("drains without a limit, refuses new work, and does not hurry at the end of the input", async () => {
    const harness = await busy();
    harness.send({ t: "shutdown", mode: "drain" });
    harness.upscale(3);
    await harness.turn();
    expect(harness.answers(3)).toMatchObject([{ code: "shutting_down", retryable: true }]);
    harness.input.end();
    await harness.advance(3_600_000);
    expect(harness.exitCode).toBeNull();
    await finishOne(harness);
    await finishOne(harness);
    expect([harness.outcomes(1), harness.outcomes(2)]).toEqual([["result"], ["result"]]);
    expectEnd(harness, EXIT.ok, "bye");
  });

  it("drains for grace_ms", async () => {
    const harness = await busy();
    harness.send({ t: "shutdown", mode: "drain", grace_ms: 300 });
    await harness.advance(300);
    expect([harness.outcomes(1), harness.outcomes(2)]).toEqual([["shutting_down"], ["shutting_down"]]);
    expectEnd(harness, EXIT.ok, "bye");
  });

  it("now: what waits is refused, what runs gets two seconds", async () => {
    const harness = await busy();
    harness.send({ t: "shutdown", mode: "now" });
    await harness.turn();
    expect([harness.outcomes(1), harness.outcomes(2)]).toEqual([[], ["shutting_down"]]);
    await harness.advance(1999);
    expect(harness.exitCode).toBeNull();
    await harness.advance(1);
    expect(harness.outcomes(1)).toEqual(["shutting_down"]);
    expect(harness.processor.abortCode(0)).toBe("shutting_down");
    expectEnd(harness, EXIT.ok, "bye");
  });

  it("now: what is done within the grace is delivered", async () => {
    const harness = await busy();
    harness.send({ t: "shutdown", mode: "now", grace_ms: 500 });
    await harness.advance(499);
    await finishOne(harness);
    expect([harness.outcomes(1), harness.outcomes(2)]).toEqual([["result"], ["shutting_down"]]);
    expectEnd(harness, EXIT.ok, "bye");
  });

  it("now without grace ends at once", async () => {
    const harness = await busy();
    harness.send({ t: "shutdown", mode: "now", grace_ms: 0 });
    await harness.advance(0);
    expect(harness.outcomes(1)).toEqual(["shutting_down"]);
    expectEnd(harness, EXIT.ok, "bye");
  });

  it("can be made stricter and not laxer", async () => {
    const harness = await busy();
    harness.send({ t: "shutdown", mode: "drain" });
    harness.send({ t: "shutdown", mode: "now", grace_ms: 100 });
    harness.send({ t: "shutdown", mode: "drain", grace_ms: 10_000 });
    await harness.advance(100);
    expect([harness.outcomes(1), harness.outcomes(2)]).toEqual([["shutting_down"], ["shutting_down"]]);
    expectEnd(harness, EXIT.ok, "bye");
  });

  it("still answers ping and cancel while it drains", async () => {
    const harness = await busy();
    harness.send({ t: "shutdown", mode: "drain" }, { t: "cancel", id: 2 }, { t: "ping", nonce: 3 });
    await harness.turn();
    expect(harness.outcomes(2)).toEqual(["cancelled"]);
    expect(harness.ofType("pong")).toEqual([{ t: "pong", nonce: 3, queued: 0, running: 1 }]);
  });

  it("drops what comes after the end without a word", async () => {
    const harness = new Harness();
    harness.send({ t: "shutdown", mode: "now" }, { t: "ping", nonce: 1 });
    harness.upscale(1);
    await harness.turn();
    expect(harness.ofType("pong")).toEqual([]);
    expect(harness.answers(1)).toEqual([]);
    expectEnd(harness, EXIT.ok, "bye");
  });
});

describe("Session: signals", () => {
  it.each(["SIGTERM", "SIGHUP"] as const)(
    "%s refuses what waits and gives what runs two seconds",
    async (signal) => {
      const harness = await busy();
      harness.session.terminate(signal);
      await harness.turn();
      expect(harness.ofType("goaway")).toEqual([{ t: "goaway", reason: "terminated" }]);
      expect([harness.outcomes(1), harness.outcomes(2)]).toEqual([[], ["shutting_down"]]);
      await harness.advance(2000);
      expect(harness.outcomes(1)).toEqual(["shutting_down"]);
      expectEnd(harness, EXIT.ok, "bye");
    },
  );

  it("ends at once on a second signal, even when the client reads nothing", async () => {
    const harness = await busy({ unread: true });
    harness.session.terminate("SIGTERM");
    await harness.turn();
    expect(harness.exitCode).toBeNull();
    harness.session.terminate("SIGTERM");
    await harness.turn();
    expect(harness.exitCode).toBe(EXIT.ok);
    expect(harness.clock.pending).toBe(0);
  });

  it("leaves SIGINT to the client once that has said hello", async () => {
    const greeted = await busy();
    greeted.session.terminate("SIGINT");
    await greeted.turn();
    expect(greeted.exitCode).toBeNull();
    const silent = new Harness({ silent: true });
    silent.session.terminate("SIGINT");
    await silent.turn();
    expectEnd(silent, EXIT.ok, "bye");
  });
});

describe("Session: a lost device", () => {
  it("says goaway, refuses new work, finishes what it has and asks to be replaced", async () => {
    const harness = await busy();
    harness.processor.fail(new UpscalerError("gpu_lost", "expected the device to answer"));
    await harness.turn();
    harness.upscale(3);
    await harness.turn();
    expect([harness.outcomes(1), harness.outcomes(3)]).toEqual([["gpu_lost"], ["shutting_down"]]);
    expect(harness.ofType("goaway")).toEqual([{ t: "goaway", reason: "gpu_lost" }]);
    await finishOne(harness);
    expect(harness.outcomes(2)).toEqual(["result"]);
    expectEnd(harness, EXIT.replaceMe, "bye");
  });

  it("says goaway once, and waits no longer than five seconds", async () => {
    const harness = new Harness({ processor: new FakeProcessor(3, false) });
    for (const id of [1, 2, 3]) harness.upscale(id);
    await harness.turn();
    for (let lost = 0; lost < 2; lost++) harness.processor.fail(new UpscalerError("gpu_lost", "lost"));
    await harness.advance(5000);
    expect([1, 2, 3].map((id) => harness.outcomes(id))).toEqual([
      ["gpu_lost"],
      ["gpu_lost"],
      ["shutting_down"],
    ]);
    expect(harness.ofType("goaway").length).toBe(1);
    expectEnd(harness, EXIT.replaceMe, "bye");
  });

  it("is noticed by a request that was cancelled before", async () => {
    const harness = new Harness({ processor: new FakeProcessor(1, false) });
    harness.upscale(1);
    await harness.turn();
    harness.send({ t: "cancel", id: 1 });
    await harness.turn();
    harness.processor.fail(new UpscalerError("gpu_lost", "lost"));
    await harness.turn();
    expect(harness.outcomes(1)).toEqual(["cancelled"]);
    expectEnd(harness, EXIT.replaceMe, "bye");
  });

  it("bounds a drain that the client asked for without a limit", async () => {
    const harness = await busy();
    harness.send({ t: "shutdown", mode: "drain" });
    await harness.turn();
    harness.processor.fail(new UpscalerError("gpu_lost", "lost"));
    await harness.advance(5000);
    expect(harness.outcomes(2)).toEqual(["shutting_down"]);
    expectEnd(harness, EXIT.replaceMe, "bye");
  });
});

describe("Session: a client that is gone", () => {
  it("ends quietly when the output is closed", async () => {
    for (const error of [undefined, Object.assign(new Error("write EPIPE"), { code: "EPIPE" })]) {
      const harness = await busy();
      harness.output.destroy(error);
      await harness.turn();
      expect(harness.exitCode).toBe(EXIT.ok);
      expect(harness.processor.started[0]?.signal.aborted).toBe(true);
      expect(harness.clock.pending).toBe(0);
    }
  });

  it("reports another failure of the output", async () => {
    const harness = await busy();
    harness.output.destroy(Object.assign(new Error("no space left"), { code: "ENOSPC" }));
    await harness.turn();
    expect(harness.exitCode).toBe(EXIT.internal);
    expect(harness.logged.join()).toContain("no space left");
  });

  it("keeps its exit code when the output closes while it ends for another reason", async () => {
    const harness = await busy({ unread: true });
    harness.write(Buffer.alloc(4));
    await harness.turn();
    harness.output.destroy();
    await harness.turn();
    expect(harness.exitCode).toBe(EXIT.protocol);
  });

  it("notices a dead parent within a second, although the input stays open", async () => {
    let parentPid = 100;
    const harness = await busy({ session: { parent: { parentPid: () => parentPid, isAlive: () => true } } });
    await harness.advance(5000);
    expect(harness.exitCode).toBeNull();
    parentPid = 1;
    await harness.advance(1000);
    expect(harness.exitCode).toBe(EXIT.ok);
    expect(harness.clock.pending).toBe(0);
  });

  it("watches the process that the client names", async () => {
    const alive = new Set([77]);
    const parent = { parentPid: () => 100, isAlive: (pid: number) => alive.has(pid) };
    const harness = new Harness({ silent: true, session: { parent } });
    harness.send({ t: "hello", proto: 1, client: { name: "test", version: "0" }, parent_pid: 77 });
    await harness.advance(3000);
    expect(harness.exitCode).toBeNull();
    alive.delete(77);
    await harness.advance(1000);
    expect(harness.exitCode).toBe(EXIT.ok);
  });

  it("does not drain for a dead parent", async () => {
    let parentPid = 100;
    const harness = await busy({ session: { parent: { parentPid: () => parentPid, isAlive: () => true } } });
    parentPid = 1;
    harness.input.end();
    await harness.turn();
    expect(harness.exitCode).toBe(EXIT.ok);
  });
});
