import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { FatalError, UpscalerError } from "../../src/errors.js";
import { OrderedRun } from "../../src/pipe/ordered-run.js";
import type { InputImage } from "../../src/pipe/read-images.js";
import { FakeProcessor, pageResult } from "../session/fake-processor.js";

const OPTIONS = {
  ...{ model: null, scale: null, noise: null, tile: null, fit: null, quality: null, effort: null },
  ...{ format: "webp" as const, lossless: false, strips: false },
};

/** A run over numbered images, with processor and delivery in the test's hands. */
class Scene {
  read = 0;
  stops = 0;
  readonly delivered: string[] = [];
  readonly abortion = new AbortController();
  readonly processor: FakeProcessor;
  readonly ended: Promise<number | unknown>;
  /** Set to hold deliveries up, or to let them fail. */
  beforeDelivery: () => Promise<void> | void = () => undefined;

  constructor(count: number, limits: { places?: number; maxPages?: number; maxWaitingBytes?: number } = {}) {
    this.processor = new FakeProcessor(limits.places ?? 3);
    const run = new OrderedRun({
      processor: this.processor,
      options: OPTIONS,
      maxPages: limits.maxPages ?? 100,
      maxWaitingBytes: limits.maxWaitingBytes ?? 1000,
      signal: this.abortion.signal,
      onStop: () => {
        this.stops++;
      },
      deliver: async (number, { result, failure }) => {
        await this.beforeDelivery();
        this.delivered.push(`${number} ${failure === null ? result.page.data : failure.code}`);
      },
    });
    this.ended = run.run(this.#images(count)).catch((thrown) => thrown);
  }

  async *#images(count: number): AsyncGenerator<InputImage> {
    for (let index = 0; index < count; index++) {
      this.read++;
      yield { data: Buffer.from(`in ${this.read}`), failure: null };
    }
  }

  async turns(): Promise<void> {
    for (let n = 0; n < 5; n++) await turn();
  }

  /** Finishes a page by its number in the input. */
  async finish(number: number, data = Buffer.from(`out ${number}`)): Promise<void> {
    this.processor.finish(pageResult(data), this.processor.started[number - 1]);
    await this.turns();
  }
}

describe("OrderedRun", () => {
  it("delivers in the order of the input, whatever the order of completion", async () => {
    const scene = new Scene(3);
    await scene.turns();
    await scene.finish(3);
    await scene.finish(2);
    expect(scene.delivered).toEqual([]);
    await scene.finish(1);
    expect(scene.delivered).toEqual(["1 out 1", "2 out 2", "3 out 3"]);
    expect(await scene.ended).toBe(3);
    expect(scene.stops).toBe(0);
  });

  it("reads no image for which the processor has no room", async () => {
    const scene = new Scene(10, { places: 2 });
    await scene.turns();
    expect(scene.read).toBe(2);
    await scene.finish(2);
    expect(scene.read).toBe(3);
  });

  it("stops reading while as many pages as allowed wait for an early one", async () => {
    const scene = new Scene(10, { places: 3, maxPages: 4 });
    await scene.turns();
    for (const number of [2, 3, 4]) await scene.finish(number);
    expect(scene.read).toBe(4);
    await scene.finish(1);
    expect(scene.delivered).toHaveLength(4);
    expect(scene.read).toBe(7);
  });

  it("stops reading while finished pages of too many bytes wait for an early one", async () => {
    const scene = new Scene(10, { places: 3, maxWaitingBytes: 50 });
    await scene.turns();
    await scene.finish(2, Buffer.alloc(51));
    expect(scene.read).toBe(3);
    await scene.finish(1);
    expect(scene.read).toBe(5);
  });

  it("stops reading while nobody takes what is delivered", async () => {
    let take: () => void = () => undefined;
    const scene = new Scene(10, { places: 1, maxPages: 2 });
    scene.beforeDelivery = () =>
      new Promise((resolve) => {
        take = resolve;
      });
    await scene.turns();
    await scene.finish(1);
    await scene.finish(2);
    expect(scene.read).toBe(2);
    take();
    await scene.turns();
    expect(scene.read).toBe(3);
  });

  it("delivers a failure in its place and goes on", async () => {
    const scene = new Scene(3);
    await scene.turns();
    await scene.finish(1);
    scene.processor.fail(new UpscalerError("decode_failed", "bad"), scene.processor.started[1]);
    await scene.finish(3);
    expect(scene.delivered).toEqual(["1 out 1", "2 decode_failed", "3 out 3"]);
    expect(await scene.ended).toBe(3);
  });

  it("ends with a failure of the processor as a whole, and aborts the other pages", async () => {
    const scene = new Scene(9);
    await scene.turns();
    const broken = new FatalError("internal_fatal", "broken");
    scene.processor.fail(broken, scene.processor.started[0]);
    expect(await scene.ended).toBe(broken);
    expect([1, 2].map((index) => scene.processor.abortCode(index))).toEqual(["cancelled", "cancelled"]);
    expect({ read: scene.read, delivered: scene.delivered, stops: scene.stops }).toEqual({
      ...{ read: 3, delivered: [], stops: 1 },
    });
  });

  it("ends with what delivering failed with", async () => {
    const scene = new Scene(9);
    const gone = new Error("gone");
    scene.beforeDelivery = () => Promise.reject(gone);
    await scene.turns();
    await scene.finish(1);
    expect(await scene.ended).toBe(gone);
    expect(scene.processor.occupied).toBe(0);
  });

  it("ends at once when it is told to, also when a page does not heed that, but lets a delivery end", async () => {
    let take: () => void = () => undefined;
    const scene = new Scene(9);
    scene.beforeDelivery = () =>
      new Promise((resolve) => {
        take = resolve;
      });
    await scene.turns();
    await scene.finish(1);
    const reason = new Error("interrupted");
    scene.abortion.abort(reason);
    const early = await Promise.race([scene.ended, scene.turns().then(() => "still delivering")]);
    expect(early).toBe("still delivering");
    take();
    expect(await scene.ended).toBe(reason);
    expect(scene.delivered).toEqual(["1 out 1"]);
  });

  it("does nothing when it was told to end before", async () => {
    const controller = new AbortController();
    controller.abort(new Error("before"));
    const run = new OrderedRun({
      ...{ processor: new FakeProcessor(1), options: OPTIONS, maxPages: 1, maxWaitingBytes: 1 },
      signal: controller.signal,
      onStop: () => undefined,
      deliver: () => Promise.reject(new Error("delivered")),
    });
    await expect(run.run((async function* () {})())).rejects.toThrow("before");
  });
});
