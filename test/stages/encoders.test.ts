import { describe, expect, it } from "vitest";
import { UpscalerError } from "../../src/errors.js";
import { Encoders } from "../../src/stages/encoders.js";

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Work by name that ends when the test says so. */
function setUp(count: number) {
  const encoders = new Encoders(count);
  const started: string[] = [];
  const finish = new Map<string, () => void>();
  const start = (name: string, priority: number, signal = new AbortController().signal) =>
    encoders.run({ priority, signal }, () => {
      started.push(name);
      return new Promise<string>((resolve) => finish.set(name, () => resolve(name)));
    });
  const end = async (name: string) => {
    finish.get(name)?.();
    await settled();
  };
  return { encoders, started, start, end };
}

describe("Encoders", () => {
  it("work side by side up to their number, and tell how busy they are", async () => {
    const { encoders, started, start, end } = setUp(2);
    expect(encoders.load).toEqual({ encoders: 2, busy: 0, waiting: 0 });
    const all = ["a", "b", "c"].map((name) => start(name, 1));
    expect(encoders.load).toEqual({ encoders: 2, busy: 2, waiting: 1 });
    await settled();
    expect(started).toEqual(["a", "b"]);
    await end("b");
    expect(started).toEqual(["a", "b", "c"]);
    await end("a");
    await end("c");
    expect(await Promise.all(all)).toEqual(["a", "b", "c"]);
    expect(encoders.load).toEqual({ encoders: 2, busy: 0, waiting: 0 });
  });

  it("take the strips of a seen page, top first, before all strips of another that wait", async () => {
    const { started, start, end } = setUp(1);
    const others = ["other 0", "other 1"].map((name) => start(name, 0));
    const seen = ["seen 0", "seen 1", "seen 2"].map((name) => start(name, 2));
    await settled();
    // At once, beside the one that is at work.
    expect(started).toEqual(["other 0", "seen 0"]);
    await end("other 0");
    for (const name of ["seen 0", "seen 1", "seen 2"]) await end(name);
    await end("other 1");
    expect(started).toEqual(["other 0", "seen 0", "seen 1", "seen 2", "other 1"]);
    await Promise.all([...others, ...seen]);
  });

  it("follow a page's priority that changes while its strips wait", async () => {
    const { encoders, started, start, end } = setUp(1);
    const page = { priority: 0, signal: new AbortController().signal };
    const running = start("running", 2);
    const before = start("before", 1);
    const strips = ["strip 0", "strip 1"].map((name) =>
      encoders.run(page, async () => {
        started.push(name);
      }),
    );
    page.priority = 2;
    await settled();
    await end("running");
    await end("before");
    await Promise.all([running, before, ...strips]);
    expect(started).toEqual(["running", "strip 0", "strip 1", "before"]);
  });

  it("hold any number of strips of one page, one encoder each, without a warning of a leak", async () => {
    const { encoders } = setUp(2);
    const warnings: string[] = [];
    const onWarning = ({ name }: Error) => warnings.push(name);
    process.on("warning", onWarning);
    const page = { priority: 1, signal: new AbortController().signal };
    let most = 0;
    const strips = Array.from({ length: 40 }, () =>
      encoders.run(page, async () => {
        most = Math.max(most, encoders.load.busy);
        await settled();
      }),
    );
    expect(encoders.load).toEqual({ encoders: 2, busy: 2, waiting: 38 });
    await Promise.all(strips);
    await settled();
    process.off("warning", onWarning);
    expect(most).toBe(2);
    expect(encoders.load).toEqual({ encoders: 2, busy: 0, waiting: 0 });
    expect(warnings).toEqual([]);
  });

  it("give up what waits when it is aborted, with the signal's reason, and go on with the next", async () => {
    const { encoders, started, start, end } = setUp(1);
    const controller = new AbortController();
    const running = start("running", 1);
    const given = start("given up", 1, controller.signal);
    const next = start("next", 1);
    const reason = new UpscalerError("cancelled", "no longer wanted");
    controller.abort(reason);
    await expect(given).rejects.toBe(reason);
    await end("running");
    await end("next");
    await Promise.all([running, next]);
    expect(started).toEqual(["running", "next"]);
    expect(encoders.load).toEqual({ encoders: 1, busy: 0, waiting: 0 });
  });

  it("share their threads among the images that are there, at most four for each", async () => {
    const given = async (count: number, images: number) => {
      const encoders = new Encoders(count);
      const threads: number[] = [];
      const entrant = () => ({ priority: 1, signal: new AbortController().signal });
      const work = async (allowed: number) => void threads.push(allowed);
      await Promise.all(Array.from({ length: images }, () => encoders.run(entrant(), work)));
      return threads[0];
    };
    expect(await given(16, 1)).toBe(4);
    expect(await given(16, 5)).toBe(3);
    expect(await given(16, 9)).toBe(1);
    expect(await given(2, 1)).toBe(2);
    expect(await given(2, 2)).toBe(1);
    expect(await given(2, 7)).toBe(1);
    expect(await given(1, 1)).toBe(1);
  });

  it("are free again after a failure", async () => {
    const { encoders, start, end } = setUp(1);
    const entrant = { priority: 1, signal: new AbortController().signal };
    const failing = encoders.run(entrant, () => Promise.reject(new Error("no room")));
    await expect(failing).rejects.toThrow("no room");
    const after = start("after", 1);
    await settled();
    await end("after");
    expect(await after).toBe("after");
  });
});
