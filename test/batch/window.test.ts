import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Window } from "../../src/batch/window.js";

const never = new AbortController().signal;
const limits = { items: 3, inputBytes: 100, unwrittenBytes: 50 };

async function isWaiting(promise: Promise<unknown>): Promise<boolean> {
  const waiting = Symbol("waiting");
  return (await Promise.race([promise, setImmediate(waiting)])) === waiting;
}

describe("Window", () => {
  it("lets no more items in than its limit until one leaves", async () => {
    const window = new Window(limits);
    const slots = [await window.enter(1, never), await window.enter(1, never), await window.enter(1, never)];
    const fourth = window.enter(1, never);
    expect(await isWaiting(fourth)).toBe(true);
    slots[1]?.leave();
    slots[1]?.leave();
    await fourth;
    expect(await isWaiting(window.enter(1, never))).toBe(true);
  });

  it("holds what is read within its bytes, and counts what is not needed any more as free", async () => {
    const window = new Window(limits);
    const first = await window.enter(60, never);
    const second = window.enter(60, never);
    expect(await isWaiting(second)).toBe(true);
    first.inputDone();
    await second;
  });

  it("lets nothing begin while too much waits to be written", async () => {
    const window = new Window(limits);
    const first = await window.enter(1, never);
    first.produced(50);
    const second = window.enter(1, never);
    expect(await isWaiting(second)).toBe(true);
    first.leave();
    await second;
  });

  it("lets one item in that is larger than everything", async () => {
    const window = new Window(limits);
    const huge = await window.enter(1000, never);
    huge.produced(1000);
    expect(await isWaiting(window.enter(1, never))).toBe(true);
    huge.leave();
  });

  it("stops waiting when it is aborted, and can be entered afterwards", async () => {
    const window = new Window({ ...limits, items: 1 });
    const first = await window.enter(1, never);
    const abortion = new AbortController();
    const second = window.enter(1, abortion.signal);
    abortion.abort(new Error("enough"));
    await expect(second).rejects.toThrow("enough");
    await expect(window.enter(1, abortion.signal)).rejects.toThrow("enough");
    first.leave();
    await window.enter(1, never);
  });
});
