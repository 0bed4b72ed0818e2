import { describe, expect, it } from "vitest";
import { outcomeOf, settled } from "../client/fake-workers.js";
import { forbidUnhandledRejections } from "../client/unhandled.js";
import { FleetHarness, TestJob } from "./fleet-harness.js";

forbidUnhandledRejections();

describe("a worker that is killed", () => {
  it("is replaced, and another one answers its page", async () => {
    const harness = await FleetHarness.ready(2);
    const { outcome } = await harness.page(1);
    await harness.crash(0);
    expect(harness.pagesAt(1)).toEqual([1]);
    await harness.answer(1, 1);
    expect(await outcome).toBe("result");
    await harness.replace(0);
    expect(harness.started[0]?.length).toBe(2);
    await harness.page(2);
    expect(harness.pagesAt(0)).toEqual([2]);
  });

  it("leaves its pages to go alone, one after the other, to a worker that takes nothing else meanwhile", async () => {
    const harness = await FleetHarness.ready(2);
    const pages = [await harness.page(1), await harness.page(2), await harness.page(3)];
    // 1 and 3 were at the first one.
    await harness.crash(0);
    expect(harness.pagesAt(1)).toEqual([2]);
    expect(harness.fleet.hasRoomFor(1)).toBe(false);
    await harness.answer(1, 2);
    expect(harness.pagesAt(1)).toEqual([2, 1]);
    expect(harness.fleet.hasRoomFor(2)).toBe(false);
    await harness.answer(1, 1);
    expect(harness.pagesAt(1)).toEqual([2, 1, 3]);
    await harness.answer(1, 3);
    expect(await Promise.all(pages.map(({ outcome }) => outcome))).toEqual(["result", "result", "result"]);
    expect(harness.fleet.hasRoomFor(1)).toBe(true);
  });

  it("does not keep the other workers from new pages", async () => {
    const harness = await FleetHarness.ready(3);
    for (const byte of [1, 2, 3]) await harness.page(byte);
    await harness.crash(0);
    await harness.page(6);
    expect([harness.pagesAt(1), harness.pagesAt(2)]).toEqual([[2], [3, 6]]);
    expect(harness.fleet.hasRoomFor(1)).toBe(false);
  });

  it("lets a page in view go before those that go alone", async () => {
    const harness = await FleetHarness.ready(1);
    await harness.page(1);
    await harness.page(2);
    await harness.crash(0);
    let inView: TestJob | null = null;
    harness.fleet.onRoom = () => {
      if (inView !== null || !harness.fleet.hasRoomFor(2)) return;
      inView = new TestJob(9, 2);
      void outcomeOf(harness.fleet.process(inView));
    };
    await harness.replace(0);
    expect(harness.pagesAt(0)).toEqual([9]);
    await harness.answer(0, 9);
    expect(harness.pagesAt(0)).toEqual([9, 1]);
  });

  it("answers a page that was cancelled meanwhile no second time, and asks no other for it", async () => {
    const harness = await FleetHarness.ready(2);
    const { job, outcome } = await harness.page(1);
    job.abort();
    await harness.crash(0);
    expect(await outcome).toBe("cancelled");
    expect(harness.pagesAt(1)).toEqual([]);
  });

  it("frees a page that waits for another one when it is cancelled", async () => {
    const harness = await FleetHarness.ready(1);
    const { job, outcome } = await harness.page(1);
    await harness.crash(0);
    job.abort();
    expect(await outcome).toBe("cancelled");
    await harness.replace(0);
    expect(harness.pagesAt(0)).toEqual([]);
    expect(harness.fleet.hasRoomFor(0)).toBe(true);
  });
});

describe("a worker that hangs", () => {
  it("is killed and replaced, and another one answers its page", async () => {
    const harness = await FleetHarness.ready(2);
    const { outcome } = await harness.page(1);
    harness.clock.advance(2_000);
    await settled();
    expect(harness.at(0).of("ping")).toHaveLength(1);
    harness.clock.advance(10_000);
    await settled();
    expect(harness.at(0).isKilled).toBe(true);
    expect(harness.pagesAt(1)).toEqual([1]);
    await harness.answer(1, 1);
    expect(await outcome).toBe("result");
  });
});

describe("a page that two workers do not survive", () => {
  it("is refused with the cause; the pages beside it are answered", async () => {
    const harness = await FleetHarness.ready(2);
    const bad = await harness.page(1);
    const good = [await harness.page(2), await harness.page(3)];
    await harness.crash(0);
    await harness.answer(1, 2);
    expect(harness.pagesAt(1)).toEqual([2, 1]);
    await harness.crash(1);
    await expect(bad.result).rejects.toMatchObject({
      code: "internal",
      message: expect.stringMatching(/two were lost.*SIGKILL/),
    });
    await harness.replace(0);
    await harness.answer(0, 3);
    expect(await Promise.all(good.map(({ outcome }) => outcome))).toEqual(["result", "result"]);
  });

  it("is refused at once when it comes again, also from another request", async () => {
    const harness = await FleetHarness.ready(1);
    const { outcome } = await harness.page(1);
    for (let crash = 0; crash < 2; crash++) {
      await harness.crash(0);
      await harness.replace(0);
    }
    expect(await outcome).toBe("internal");
    expect(await (await harness.page(1)).outcome).toBe("internal");
    expect(harness.pagesAt(0)).toEqual([]);
  });

  it("is a page that costs two devices, too", async () => {
    const harness = await FleetHarness.ready(2);
    const { outcome } = await harness.page(1);
    for (const place of [0, 1]) {
      harness.at(place).say({ t: "goaway", reason: "gpu_lost" });
      await harness.answer(place, 1, "gpu_lost");
    }
    expect(await outcome).toBe("internal");
  });
});

describe("a worker that leaves in order", () => {
  it.each(["gpu_lost", "shutting_down"])("with %s leaves its page to another one", async (code) => {
    const harness = await FleetHarness.ready(2);
    const { outcome } = await harness.page(1);
    harness.at(0).say({ t: "goaway", reason: "whatever" });
    await harness.answer(0, 1, code);
    expect(harness.pagesAt(1)).toEqual([1]);
    await harness.answer(1, 1);
    expect(await outcome).toBe("result");
  });

  it("gets nothing new, and is replaced", async () => {
    const harness = await FleetHarness.ready(1);
    harness.at(0).say({ t: "goaway", reason: "gpu_lost" });
    await settled();
    expect(harness.fleet.hasRoomFor(2)).toBe(false);
    harness.at(0).say({ t: "bye" });
    harness.at(0).exit({ code: 75 });
    await settled();
    await harness.replace(0);
    expect(harness.fleet.hasRoomFor(0)).toBe(true);
  });
});

describe("a worker that cannot be started again", () => {
  /** Crashes until the worker is given up. */
  async function wearOut(harness: FleetHarness, place: number, code: number | null): Promise<void> {
    for (let end = 0; end < 5; end++) {
      harness.at(place).exit(code === null ? { signal: "SIGKILL" } : { code });
      await settled();
      if (end < 4) await harness.replace(place);
    }
  }

  it("leaves its work to the others", async () => {
    const harness = await FleetHarness.ready(2);
    await wearOut(harness, 0, null);
    const { outcome } = await harness.page(1);
    await harness.answer(1, 1);
    expect(await outcome).toBe("result");
    expect(harness.logged.filter((line) => line.startsWith("error"))).toEqual([
      expect.stringMatching(/not started again.*gpu 0.*SIGKILL/),
    ]);
  });

  it.each([
    [75, "gpu_lost"],
    [null, "internal_fatal"],
  ])("as the last one, after exit code %s, fails what waits and what comes with %s", async (exit, code) => {
    const harness = await FleetHarness.ready(1);
    await wearOut(harness, 0, exit);
    expect(harness.fleet.hasRoomFor(0)).toBe(true);
    expect(await (await harness.page(1)).outcome).toBe(code);
  });
});

describe("strips that the client has from a worker that was lost", () => {
  const strip = (index: number, rows: number, count: number) => ({
    ...{ t: "strip", id: 1, index, count, y: index * rows, width: 2, height: rows, format: "webp" },
    data: Uint8Array.of(index),
  });

  async function withOneStrip() {
    const harness = await FleetHarness.ready(2);
    const job = new TestJob(1, 1, 1, { strips: true });
    const { result, outcome } = harness.process(job);
    await settled();
    harness.at(0).say(strip(0, 10, 2));
    await settled();
    await harness.crash(0);
    return { harness, job, result, outcome };
  }

  it("are not sent again", async () => {
    const { harness, job, outcome } = await withOneStrip();
    harness.at(1).say(strip(0, 10, 2));
    harness.at(1).say(strip(1, 10, 2));
    await harness.answer(1, 1);
    expect(await outcome).toBe("result");
    expect(job.strips.map(({ index }) => index)).toEqual([0, 1]);
  });

  it("are of no use when the next worker divides the page in another way: it is refused", async () => {
    const { harness, job, outcome } = await withOneStrip();
    harness.at(1).say(strip(0, 5, 4));
    await settled();
    expect(await outcome).toBe("internal");
    expect(harness.at(1).of("cancel")).toHaveLength(1);
    expect(job.strips).toHaveLength(1);
  });
});

describe("a fleet that is closed", () => {
  it("ends its workers and fails what they have", async () => {
    const harness = await FleetHarness.ready(2);
    const { outcome } = await harness.page(1);
    const closed = harness.fleet.close();
    await settled();
    for (const worker of [harness.at(0), harness.at(1)]) {
      expect(worker.of("shutdown")).toEqual([{ t: "shutdown", mode: "now", grace_ms: 0 }]);
      worker.say({ t: "bye" });
      worker.exit({ code: 0 });
    }
    await closed;
    expect(await outcome).toBe("shutting_down");
    harness.clock.advance(60_000);
    expect(harness.started.map(({ length }) => length)).toEqual([1, 1]);
  });
});
