import { describe, expect, it } from "vitest";
import { settled } from "../client/fake-workers.js";
import { forbidUnhandledRejections } from "../client/unhandled.js";
import { FleetHarness, PLACES, TestJob } from "./fleet-harness.js";

forbidUnhandledRejections();

describe("pages for several workers", () => {
  it("go to the one with the least to do, and no more to each than it can work on", async () => {
    const harness = await FleetHarness.ready(2);
    for (const byte of [1, 2, 3]) await harness.page(byte);
    expect([harness.pagesAt(0), harness.pagesAt(1)]).toEqual([[1, 3], [2]]);
    await harness.page(4);
    expect(harness.pagesAt(1)).toEqual([2, 4]);
    expect(harness.fleet.hasRoomFor(1)).toBe(false);
  });

  it("go by the pixels that are before them, not by their number", async () => {
    const harness = await FleetHarness.ready(2);
    await harness.page(1, 1, 1000);
    await harness.page(2, 1, 10);
    await harness.page(3, 1, 10);
    expect(harness.pagesAt(1)).toEqual([2, 3]);
  });

  it("count by the scale that they ask for", async () => {
    const harness = await FleetHarness.ready(2);
    await harness.page(1, 1, 10, { scale: 4 });
    await harness.page(2, 1, 10, { scale: 2 });
    await harness.page(3, 1, 10);
    // Two pages of 2x, the usual scale, are half of what one of 4x is.
    expect(harness.pagesAt(1)).toEqual([2, 3]);
  });

  it("go to the faster one once speeds are known", async () => {
    const harness = await FleetHarness.ready(2);
    await harness.page(1);
    await harness.page(2);
    harness.clock.advance(100);
    await harness.answer(0, 1);
    harness.clock.advance(900);
    await harness.answer(1, 2);
    // Ten times as fast: two pages there are done before one here.
    for (const byte of [3, 4, 5]) await harness.page(byte);
    expect([harness.pagesAt(0), harness.pagesAt(1)]).toEqual([
      [1, 3, 4],
      [2, 5],
    ]);
  });

  it("are announced room as soon as a worker has answered one", async () => {
    const harness = await FleetHarness.ready(2);
    expect(await harness.fill(1)).toBe(2 * PLACES);
    let announced = 0;
    harness.fleet.onRoom = () => announced++;
    await harness.answer(1, 101);
    expect(announced).toBeGreaterThan(0);
    await harness.page(7);
    expect(harness.pagesAt(1).at(-1)).toBe(7);
  });

  it("wait while no worker is ready", async () => {
    const harness = await FleetHarness.ready(1);
    await harness.crash(0);
    expect(harness.fleet.hasRoomFor(2)).toBe(false);
    await harness.replace(0);
    expect(harness.fleet.hasRoomFor(0)).toBe(true);
  });
});

describe("a page in view", () => {
  it("goes to a full worker at once, one for each, and passes what it has", async () => {
    const harness = await FleetHarness.ready(2);
    await harness.fill(0);
    expect(harness.fleet.hasRoomFor(0)).toBe(false);
    await harness.page(1, 2);
    await harness.page(2, 2);
    expect(harness.fleet.hasRoomFor(2)).toBe(false);
    expect([harness.pagesAt(0).at(-1), harness.pagesAt(1).at(-1)].sort()).toEqual([1, 2]);
    expect(harness.at(0).of("upscale").at(-1)).toMatchObject({ priority: 2 });
  });

  it("goes where it is started first: behind no other page in view, whatever else is there", async () => {
    const harness = await FleetHarness.ready(2);
    await harness.page(1, 2, 10);
    await harness.page(2, 0, 1000);
    await harness.page(3, 2, 10);
    expect([harness.pagesAt(0), harness.pagesAt(1)]).toEqual([[1], [2, 3]]);
  });
});

describe("while a worker has a page", () => {
  it("its new priority reaches the worker", async () => {
    const harness = await FleetHarness.ready(2);
    await harness.page(1);
    const { job } = await harness.page(2, 0);
    job.prioritise(2);
    await settled();
    const [sent] = harness.at(1).of("upscale");
    expect(harness.at(1).of("update")).toEqual([{ t: "update", id: sent?.id, priority: 2 }]);
    expect(harness.at(0).of("update")).toEqual([]);
  });

  it("cancelling reaches the worker, and the place is free once it has answered", async () => {
    const harness = await FleetHarness.ready(1);
    await harness.fill(1);
    const [, second] = harness.at(0).of("upscale");
    const { job, outcome } = harness.process(new TestJob(1, 2));
    await settled();
    const id = harness.at(0).of("upscale").at(-1)?.id;
    job.abort();
    expect(await outcome).toBe("cancelled");
    await settled();
    expect(harness.at(0).of("cancel")).toEqual([{ t: "cancel", id }]);
    expect(harness.fleet.hasRoomFor(2)).toBe(false);
    harness.at(0).error(id as number, "cancelled");
    await settled();
    expect(harness.fleet.hasRoomFor(2)).toBe(true);
    expect(second?.id).not.toBe(id);
  });

  it("progress and strips are passed on", async () => {
    const harness = await FleetHarness.ready(1);
    const { job, result } = await harness.page(1);
    const worker = harness.at(0);
    const [sent] = worker.of("upscale");
    expect(sent).toMatchObject({ progress: true });
    worker.say({ t: "progress", id: 1, done: 3, total: 4 });
    const strip = { index: 0, count: 1, y: 0, width: 2, height: 4, format: "webp", data: Uint8Array.of(5) };
    worker.say({ t: "strip", id: 1, ...strip });
    worker.result(1);
    await result;
    expect(job.progress).toEqual([3]);
    expect(job.strips).toMatchObject([{ index: 0, count: 1, y: 0, height: 4 }]);
    expect([...(job.strips[0]?.data ?? [])]).toEqual([5]);
  });

  it("its bytes go to the worker as they are, and nothing that was left open is added", async () => {
    const harness = await FleetHarness.ready(1);
    const job = new TestJob(1, 1, 3, { effort: 4, tile: 0, fit: { width: 9, height: null } });
    harness.process(job);
    await settled();
    const { data, ...fields } = harness.at(0).of("upscale")[0] ?? {};
    expect([...(data as Uint8Array)]).toEqual([1, 1, 1]);
    expect(fields).toEqual({ t: "upscale", id: 1, effort: 4, tile: 0, fit: { width: 9 }, progress: true });
  });
});

describe("an answer", () => {
  it("is passed on as the worker gave it, with the worker's name where devices have the same", async () => {
    const harness = await FleetHarness.ready(2);
    await harness.page(1);
    const { result } = await harness.page(2);
    await harness.answer(1, 2);
    expect(await result).toMatchObject({
      ...{ model: "m", precision: "fp32", tile: 0, device: "fake (gpu 1)", cacheKey: "key 1" },
      page: { width: 2, height: 4, format: "webp", effort: null },
      timings: { decode: 2, upscale: 3, encode: 4 },
    });
  });

  it("that refuses the page keeps its code", async () => {
    const harness = await FleetHarness.ready(1);
    const { outcome } = await harness.page(1);
    await harness.answer(0, 1, "decode_failed");
    expect(await outcome).toBe("decode_failed");
  });

  it("with a code from the future is an internal error", async () => {
    const harness = await FleetHarness.ready(1);
    const { outcome } = await harness.page(1);
    await harness.answer(0, 1, "too_beautiful");
    expect(await outcome).toBe("internal");
  });
});
