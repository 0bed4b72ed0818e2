import { describe, expect, it, vi } from "vitest";
import { type Entrant, StageQueue, type StageVisit } from "../../src/stages/stage-queue.js";

class Deferred<Value = void> {
  readonly promise: Promise<Value>;
  resolve!: (value: Value) => void;
  reject!: (reason: unknown) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
  }
}

const entrant = (priority = 1, signal = new AbortController().signal): Entrant => ({ priority, signal });
const settled = () => new Promise((resolve) => setImmediate(resolve));

function queueOf(concurrency: number, places = concurrency) {
  const time = { now: 0 };
  const onFreed = vi.fn();
  const onVisit = vi.fn<(visit: StageVisit) => void>();
  return {
    queue: new StageQueue({ concurrency, places }, () => time.now, { onFreed, onVisit }),
    time,
    onFreed,
    onVisit,
  };
}

describe("a place", () => {
  it("is given at once while there is room, then to the next in line", async () => {
    const { queue } = queueOf(1);
    expect(queue.hasRoomFor(1)).toBe(true);
    const first = await queue.enter(entrant());
    expect(queue.hasRoomFor(1)).toBe(false);
    const admitted = vi.fn();
    const second = queue.enter(entrant());
    second.then(admitted);
    await settled();
    expect(admitted).not.toHaveBeenCalled();
    expect(queue.counters).toMatchObject({ waiting: 1, running: 1, holding: 0 });
    first.release();
    (await second).release();
    expect(queue.counters).toMatchObject({ waiting: 0, running: 0, holding: 0 });
    expect(queue.hasRoomFor(1)).toBe(true);
  });

  it("is kept after the work until it is released, so that results are bounded too", async () => {
    const { queue } = queueOf(1, 2);
    const [first, second] = [await queue.enter(entrant()), queue.enter(entrant())];
    await first.perform(async () => "done");
    const place = await second;
    await place.perform(async () => "done");
    expect(queue.counters).toMatchObject({ running: 0, holding: 2, finished: 2 });
    expect(queue.hasRoomFor(1)).toBe(false);
    first.release();
    expect(queue.hasRoomFor(1)).toBe(true);
    first.release();
    expect(queue.counters.holding).toBe(1);
  });

  it("is there beyond the limits for the one that is more urgent than all others, and for no second", async () => {
    const { queue } = queueOf(1, 2);
    const prefetched = await queue.enter(entrant(0));
    expect([0, 1, 2].map((priority) => queue.hasRoomFor(priority))).toEqual([false, true, true]);
    const visible = await queue.enter(entrant(2));
    expect(queue.counters).toMatchObject({ running: 2 });
    expect(queue.hasRoomFor(2)).toBe(false);
    const waiting = queue.enter(entrant(2));
    visible.release();
    (await waiting).release();
    prefetched.release();
    expect(queue.hasRoomFor(0)).toBe(true);
  });

  it("is not kept from the one that waits longest by urgent ones that keep coming", async () => {
    const { queue } = queueOf(1, 2);
    const running = await queue.enter(entrant(1));
    const order: string[] = [];
    const prefetched = queue.enter(entrant(0)).then((place) => {
      order.push("prefetched");
      return place;
    });
    for (let i = 0; i < 4; i++) {
      (await queue.enter(entrant(2))).release();
      order.push("visible");
    }
    expect(queue.hasRoomFor(2)).toBe(false);
    const last = queue.enter(entrant(2)).then((place) => {
      order.push("visible");
      return place;
    });
    running.release();
    (await prefetched).release();
    (await last).release();
    expect(order).toEqual(["visible", "visible", "visible", "visible", "prefetched", "visible"]);
  });

  it("is refused to the urgent one while another as urgent waits before it", async () => {
    const { queue } = queueOf(1);
    const [running, express] = [await queue.enter(entrant(0)), await queue.enter(entrant(1))];
    const waiting = queue.enter(entrant(2));
    expect(queue.hasRoomFor(2)).toBe(false);
    running.release();
    (await waiting).release();
    express.release();
  });

  it("goes to the most urgent, asked at the moment of choosing, and first come within one priority", async () => {
    const { queue } = queueOf(1);
    const running = await queue.enter(entrant(2));
    const order: string[] = [];
    const late = { priority: 0, signal: new AbortController().signal };
    const names: [string, Entrant][] = [
      ["normal 1", entrant(1)],
      ["prefetch that becomes visible", late],
      ["normal 2", entrant(1)],
      ["prefetch", entrant(0)],
      ["visible", entrant(2)],
    ];
    for (const [name, each] of names) {
      queue.enter(each).then((place) => {
        order.push(name);
        place.release();
      });
    }
    late.priority = 2;
    running.release();
    await vi.waitFor(() => expect(order).toHaveLength(5));
    expect(order).toEqual(["prefetch that becomes visible", "visible", "normal 1", "normal 2", "prefetch"]);
  });

  it("is free again after work that fails", async () => {
    const { queue } = queueOf(1);
    const place = await queue.enter(entrant());
    const failure = new Error("broken");
    await expect(place.perform(() => Promise.reject(failure))).rejects.toBe(failure);
    place.release();
    const next = await queue.enter(entrant());
    const thrower = (): Promise<never> => {
      throw failure;
    };
    await expect(next.perform(thrower)).rejects.toBe(failure);
    next.release();
    expect(queue.counters).toMatchObject({ running: 0, holding: 0, finished: 2 });
  });

  it("cannot be released under its work, nor used twice", async () => {
    const { queue } = queueOf(1);
    const place = await queue.enter(entrant());
    const work = new Deferred();
    const performed = place.perform(() => work.promise);
    expect(() => place.release()).toThrow(/while its work/);
    work.resolve();
    await performed;
    await expect(place.perform(async () => undefined)).rejects.toThrow(/another/);
  });
});

describe("aborting", () => {
  it("before entering is refused with the signal's reason and takes no place", async () => {
    const { queue } = queueOf(1);
    const reason = new Error("cancelled");
    await expect(queue.enter(entrant(1, AbortSignal.abort(reason)))).rejects.toBe(reason);
    expect(queue.hasRoomFor(1)).toBe(true);
  });

  it("while waiting takes exactly that one out of the line, at once", async () => {
    const { queue, onFreed } = queueOf(1);
    const running = await queue.enter(entrant());
    const controller = new AbortController();
    const [before, doomed, after] = [entrant(), entrant(1, controller.signal), entrant()].map((each) =>
      queue.enter(each),
    );
    controller.abort("gone");
    await expect(doomed).rejects.toBe("gone");
    expect(onFreed).toHaveBeenCalledOnce();
    expect(queue.counters.waiting).toBe(2);
    running.release();
    (await before)?.release();
    (await after)?.release();
    expect(queue.hasRoomFor(1)).toBe(true);
  });

  it("after admission leaves the line alone and holds no listener", async () => {
    const { queue } = queueOf(1);
    const controller = new AbortController();
    const remove = vi.spyOn(controller.signal, "removeEventListener");
    const place = await queue.enter(entrant(1, controller.signal));
    const other = queue.enter(entrant());
    controller.abort("late");
    expect(remove).toHaveBeenCalled();
    expect(queue.counters.waiting).toBe(1);
    place.release();
    (await other).release();
  });
});

describe("counters", () => {
  it("add up the time of work, side by side and in progress, but not of waiting or holding", async () => {
    const { queue, time } = queueOf(2);
    const [first, second] = [await queue.enter(entrant()), await queue.enter(entrant())];
    time.now = 100;
    const work = [new Deferred<string>(), new Deferred<string>()] as const;
    const one = first.perform(() => work[0].promise);
    time.now = 101.5;
    const two = second.perform(() => work[1].promise);
    time.now = 102.25;
    expect(queue.counters.busyUs).toBe(2250 + 750);
    work[0].resolve("one");
    expect(await one).toEqual({ value: "one", microseconds: 2250 });
    time.now = 110;
    work[1].resolve("two");
    expect(await two).toEqual({ value: "two", microseconds: 8500 });
    time.now = 500;
    expect(queue.counters).toEqual({
      ...{ busyUs: 2250 + 8500, waiting: 0, running: 0, holding: 2, finished: 2, failed: 0 },
      ...{ entered: 2, waitedUs: 0, longestWaitUs: 0, mostWaiting: 0 },
    });
  });

  it("tell failed work apart", async () => {
    const { queue } = queueOf(1, 3);
    await (await queue.enter(entrant())).perform(async () => "done");
    const place = await queue.enter(entrant());
    await expect(place.perform(() => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    expect(queue.counters).toMatchObject({ finished: 2, failed: 1 });
  });

  it("add up waits at the door, those in progress and those given up too, and keep the extremes", async () => {
    const { queue, time } = queueOf(1);
    const running = await queue.enter(entrant());
    const controller = new AbortController();
    time.now = 10;
    const [second, doomed] = [queue.enter(entrant()), queue.enter(entrant(1, controller.signal))];
    time.now = 15;
    const third = queue.enter(entrant());
    expect(queue.counters).toMatchObject({
      entered: 4,
      waitedUs: 10_000,
      longestWaitUs: 5000,
      mostWaiting: 3,
    });
    time.now = 17;
    controller.abort("gone");
    await expect(doomed).rejects.toBe("gone");
    time.now = 20;
    running.release();
    (await second).release();
    (await third).release();
    time.now = 99;
    expect(queue.counters).toMatchObject({
      ...{ waiting: 0, entered: 4, mostWaiting: 3 },
      ...{ waitedUs: (10 + 7 + 5) * 1000, longestWaitUs: 10_000 },
    });
  });

  it("tell of room as soon as there is some", async () => {
    const { queue, onFreed } = queueOf(1);
    const place = await queue.enter(entrant());
    expect(onFreed).not.toHaveBeenCalled();
    await place.perform(async () => undefined);
    place.release();
    expect(onFreed).toHaveBeenCalled();
  });
});

describe("visits", () => {
  it("tell which place a job had, when it was worked on and when it left", async () => {
    const { queue, time, onVisit } = queueOf(2, 2);
    const [one, two, three] = [entrant(), entrant(), entrant()];
    const [first, second, third] = [await queue.enter(one), await queue.enter(two), queue.enter(three)];
    await second.perform(async () => {
      time.now = 4;
    });
    await first.perform(async () => {
      time.now = 6;
    });
    time.now = 8;
    first.release();
    // The lowest number that is free again.
    await (await third).perform(async () => undefined);
    (await third).release();
    second.release();
    expect(onVisit.mock.calls.map(([visit]) => visit)).toEqual([
      { entrant: one, place: 0, startedAt: 4, endedAt: 6, leftAt: 8 },
      { entrant: three, place: 0, startedAt: 8, endedAt: 8, leftAt: 8 },
      { entrant: two, place: 1, startedAt: 0, endedAt: 4, leftAt: 8 },
    ]);
  });

  it("are told of failed work, and not of a place that was given back unused", async () => {
    const { queue, onVisit } = queueOf(1);
    (await queue.enter(entrant())).release();
    expect(onVisit).not.toHaveBeenCalled();
    const place = await queue.enter(entrant());
    await expect(place.perform(() => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    place.release();
    expect(onVisit).toHaveBeenCalledOnce();
  });
});

it.each([
  [0, 1],
  [2, 1],
  [1.5, 2],
  [1, Number.POSITIVE_INFINITY],
])("limits of %d at once in %d places are refused", (concurrency, places) => {
  expect(() => new StageQueue({ concurrency, places }, () => 0)).toThrow(RangeError);
});
