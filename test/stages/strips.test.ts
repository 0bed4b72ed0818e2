import { describe, expect, it } from "vitest";
import { cutRows, divideRows, encodeStrips, type RowRange, stripRows } from "../../src/stages/strips.js";
import { paintScreentone } from "../support/images.js";

const IDLE = { encoders: 16, busy: 0, waiting: 0 };
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("stripRows", () => {
  it("gives every idle encoder a strip", () => {
    expect(Math.ceil(2400 / stripRows(2400, IDLE, 1))).toBe(15);
    expect(Math.ceil(4800 / stripRows(4800, IDLE, 1))).toBe(16);
  });

  it("makes fewer strips the fewer encoders are free", () => {
    const rowsWith = (busy: number, waiting = 0) => stripRows(2400, { encoders: 16, busy, waiting }, 1);
    expect(rowsWith(8)).toBe(304);
    expect(rowsWith(4, 4)).toBe(304);
    expect(rowsWith(14)).toBe(512);
    expect(rowsWith(16, 40)).toBe(512);
  });

  it("counts on every encoder for a page that is seen, whatever they do", () => {
    expect(stripRows(2400, { encoders: 16, busy: 16, waiting: 40 }, 2)).toBe(stripRows(2400, IDLE, 1));
  });

  it("stays within heights that cost few bytes and whole blocks, whatever the page and the machine", () => {
    for (const height of [1, 127, 128, 129, 700, 2400, 9999, 40_000]) {
      for (const encoders of [1, 2, 16, 128]) {
        const rows = stripRows(height, { encoders, busy: 0, waiting: 0 }, 1);
        expect(rows % 16).toBe(0);
        expect(rows).toBeGreaterThanOrEqual(128);
        expect(rows).toBeLessThanOrEqual(512);
      }
    }
  });
});

describe("divideRows", () => {
  it.each([1, 511, 512, 513, 1024, 1025, 2400, 20_000])("covers %i rows without gap or overlap", (height) => {
    for (const rows of [128, 512]) {
      const strips = divideRows(height, rows);
      expect(strips[0]?.y).toBe(0);
      for (const [index, strip] of strips.entries()) {
        expect(strip.height).toBeGreaterThan(0);
        expect(strip.y + strip.height).toBe(strips[index + 1]?.y ?? height);
      }
    }
  });
});

describe("encodeStrips", () => {
  const page = paintScreentone(90, 1300);

  it("reads the image's own memory", async () => {
    const rows: Uint8Array[] = [];
    const write = async (strip: RowRange) => {
      const { data } = cutRows(page, strip);
      rows.push(data);
      return data;
    };
    await encodeStrips(page, 512, "png", write, () => undefined);
    expect(rows.map(({ buffer }) => buffer)).toEqual([page.data.buffer, page.data.buffer, page.data.buffer]);
    expect(Buffer.concat(rows).equals(page.data)).toBe(true);
  });

  /** Strips whose writing ends when the test says so. */
  function controlled() {
    const delivered: number[] = [];
    const writing: PromiseWithResolvers<Uint8Array>[] = [];
    const write = () => {
      const { promise, resolve, reject } = newResolvers();
      writing.push({ promise, resolve, reject });
      return promise;
    };
    let ended = false;
    const attempt = encodeStrips(page, 512, "webp", write, ({ index }) => delivered.push(index));
    const outcome = attempt.finally(() => {
      ended = true;
    });
    return { delivered, writing, outcome, hasEnded: () => ended };
  }

  interface PromiseWithResolvers<Value> {
    readonly promise: Promise<Value>;
    readonly resolve: (value: Value) => void;
    readonly reject: (reason: unknown) => void;
  }

  function newResolvers(): PromiseWithResolvers<Uint8Array> {
    let resolvers: Omit<PromiseWithResolvers<Uint8Array>, "promise"> | null = null;
    const promise = new Promise<Uint8Array>((resolve, reject) => {
      resolvers = { resolve, reject };
    });
    if (resolvers === null) throw new Error("the executor of a promise runs at once");
    return { promise, ...(resolvers as Omit<PromiseWithResolvers<Uint8Array>, "promise">) };
  }

  it("delivers from the top, as soon as a strip and all above it are done", async () => {
    const { delivered, writing, outcome } = controlled();
    const finish = async (index: number) => {
      writing[index]?.resolve(Uint8Array.of(index));
      await settled();
    };
    await finish(1);
    expect(delivered).toEqual([]);
    await finish(0);
    expect(delivered).toEqual([0, 1]);
    await finish(2);
    await outcome;
    expect(delivered).toEqual([0, 1, 2]);
  });

  it("stops at the first that fails, but does not end while another still reads the image", async () => {
    const { delivered, writing, outcome, hasEnded } = controlled();
    const failure = expect(outcome).rejects.toThrow("no room");
    writing[0]?.resolve(Uint8Array.of(0));
    writing[1]?.reject(new Error("no room"));
    await settled();
    expect(delivered).toEqual([0]);
    expect(hasEnded()).toBe(false);
    writing[2]?.resolve(Uint8Array.of(2));
    await failure;
    expect(delivered).toEqual([0]);
  });
});
