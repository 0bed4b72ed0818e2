import { describe, expect, it } from "vitest";
import { EXIT } from "../../protocol/error-codes.js";
import type { UpscalerError } from "../../src/errors.js";
import { Shutdown } from "../../src/session/shutdown.js";
import { FakeClock } from "./fake-clock.js";

function setUp(isIdle = false) {
  const clock = new FakeClock();
  const events: string[] = [];
  const record = (what: string) => (error: UpscalerError) => events.push(`${what}: ${error.message}`);
  const workload = {
    isIdle,
    refuseNew: record("refuse"),
    abortWaiting: record("abort waiting"),
    abortAll: record("abort all"),
  };
  const ends: number[] = [];
  const shutdown = new Shutdown({ clock, workload, onEnd: (exitCode) => ends.push(exitCode) });
  return { clock, events, workload, ends, shutdown };
}

const text = (reason: string): string => `expected a worker that stays, but it ends: ${reason}`;

describe("Shutdown", () => {
  it("does not end for being idle until asked", () => {
    const { shutdown, ends } = setUp(true);
    shutdown.endIfIdle();
    expect(ends).toEqual([]);
  });

  it("ends at once when idle, and once", () => {
    const { shutdown, ends } = setUp(true);
    shutdown.drain("asked", null);
    shutdown.stop("asked again", 0);
    shutdown.endIfIdle();
    expect(ends).toEqual([EXIT.ok]);
  });

  it("aborts everything at the end of a limited drain", () => {
    const { shutdown, clock, events } = setUp();
    shutdown.drain("asked", 100);
    expect(events).toEqual([`refuse: ${text("asked")}`]);
    clock.advance(100);
    expect(events[1]).toBe(`abort all: ${text("asked")}`);
  });

  it("never aborts in a drain without a limit", () => {
    const { shutdown, clock, events } = setUp();
    shutdown.drain("asked", null);
    clock.advance(2 ** 31);
    expect(events.length).toBe(1);
  });

  it("keeps the nearest deadline, whoever sets it", () => {
    const { shutdown, clock, events } = setUp();
    shutdown.drain("first", 100);
    shutdown.drain("sooner", 50);
    shutdown.drain("later", 1000);
    expect(clock.pending).toBe(1);
    clock.advance(50);
    expect(events.at(-1)).toBe(`abort all: ${text("first")}`);
  });

  it("goes from draining to stopping and not back", () => {
    const { shutdown, clock, events } = setUp();
    shutdown.drain("drain", null);
    shutdown.stop("stop", 100);
    shutdown.drain("drain", null);
    clock.advance(100);
    expect(events).toEqual([
      `refuse: ${text("drain")}`,
      `refuse: ${text("stop")}`,
      `abort waiting: ${text("stop")}`,
      `abort all: ${text("stop")}`,
    ]);
  });

  it("keeps an exit code that says more than success", () => {
    const { shutdown, workload, ends } = setUp();
    shutdown.drain("lost", 5000, EXIT.replaceMe);
    shutdown.drain("end of input", 5000);
    workload.isIdle = true;
    shutdown.endIfIdle();
    expect(ends).toEqual([EXIT.replaceMe]);
  });

  it("does nothing more once abandoned", () => {
    const { shutdown, clock, workload, events, ends } = setUp();
    shutdown.drain("asked", 100);
    shutdown.abandon();
    workload.isIdle = true;
    shutdown.endIfIdle();
    clock.advance(1000);
    expect([clock.pending, events.length, ends]).toEqual([0, 1, []]);
  });
});
