import { PassThrough, Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { FrameWriter } from "../../src/wire/frame-writer.js";

type Done = (error?: Error | null) => void;

/** A stream whose writes the test completes. */
class HeldStream extends Writable {
  readonly batches: Buffer[][] = [];
  #done: Done | null = null;

  override _writev(chunks: { chunk: Buffer }[], done: Done): void {
    this.batches.push(chunks.map(({ chunk }) => chunk));
    this.#done = done;
  }

  override _write(chunk: Buffer, _encoding: string, done: Done): void {
    this._writev([{ chunk }], done);
  }

  async complete(error?: Error): Promise<void> {
    const done = this.#done;
    this.#done = null;
    done?.(error);
    await turn();
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe("FrameWriter: sending", () => {
  it("hands the pieces of a frame to the stream in one vectored write, uncopied", async () => {
    const output = new HeldStream();
    const payload = Buffer.from("payload");
    new FrameWriter(output).write([Buffer.from("head"), payload]);
    expect(output.batches.length).toBe(1);
    expect(output.batches[0]?.map(String)).toEqual(["head", "payload"]);
    expect(output.batches[0]?.[1]?.buffer).toBe(payload.buffer);
    await output.complete();
  });

  it("gathers frames that wait into one write, and keeps their order", async () => {
    const output = new HeldStream();
    const writer = new FrameWriter(output);
    for (const text of ["a", "b", "c", "d"]) writer.write([Buffer.from(text)]);
    await output.complete();
    expect(output.batches.map((batch) => batch.map(String))).toEqual([["a"], ["b", "c", "d"]]);
    await output.complete();
    expect(writer.unsentFrames).toBe(0);
  });

  it("delivers large frames whole and in order through a real stream", async () => {
    const output = new PassThrough();
    const writer = new FrameWriter(output);
    const frames = [3_000_000, 1, 262_144, 262_143, 262_145, 0, 5].map((size, index) => [
      Buffer.from(`head ${index};`),
      Buffer.alloc(size, index + 1),
    ]);
    for (const frame of frames) writer.write(frame);
    const received: Buffer[] = [];
    output.on("data", (chunk: Buffer) => received.push(chunk));
    expect(await writer.flush()).toBe(true);
    output.end();
    await turn();
    expect(Buffer.concat(received).equals(Buffer.concat(frames.flat()))).toBe(true);
  });

  it("shows progress inside a large frame", async () => {
    const output = new HeldStream();
    const writer = new FrameWriter(output);
    let progress = 0;
    writer.onProgress = () => progress++;
    writer.write([Buffer.from("head"), Buffer.alloc(1_000_000)]);
    expect(writer.unsentBytes).toBe(1_000_004);
    await output.complete();
    expect(progress).toBe(1);
    expect(writer.unsentFrames).toBe(1);
    expect(writer.unsentBytes).toBeLessThan(1_000_004);
    for (let left = 4; left > 0; left--) await output.complete();
    expect([writer.unsentBytes, writer.unsentFrames]).toEqual([0, 0]);
  });

  it("counts bytes as unsent until the stream has taken them", async () => {
    const output = new HeldStream();
    const writer = new FrameWriter(output);
    writer.write([Buffer.alloc(10)]);
    writer.write([Buffer.alloc(5), Buffer.alloc(5)]);
    expect([writer.unsentBytes, writer.unsentFrames]).toEqual([20, 2]);
    await output.complete();
    expect([writer.unsentBytes, writer.unsentFrames]).toEqual([10, 1]);
    await output.complete();
    expect([writer.unsentBytes, writer.unsentFrames]).toEqual([0, 0]);
  });
});

describe("FrameWriter: flush", () => {
  it("settles at once when nothing waits", async () => {
    expect(await new FrameWriter(new HeldStream()).flush()).toBe(true);
  });

  it("waits for what is written while it waits", async () => {
    const output = new HeldStream();
    const writer = new FrameWriter(output);
    writer.write([Buffer.from("a")]);
    let flushed: boolean | null = null;
    void writer.flush().then((complete) => {
      flushed = complete;
    });
    writer.write([Buffer.from("b")]);
    await output.complete();
    expect(flushed).toBeNull();
    await output.complete();
    expect(flushed).toBe(true);
  });

  it("settles with false when the stream breaks", async () => {
    const output = new HeldStream();
    const writer = new FrameWriter(output);
    writer.write([Buffer.from("a")]);
    const flushed = writer.flush();
    await output.complete(new Error("broken"));
    expect(await flushed).toBe(false);
    expect(await writer.flush()).toBe(false);
  });
});

describe("FrameWriter: failures of the stream", () => {
  it("reports a failed write once and drops what waits", async () => {
    const output = new HeldStream();
    const writer = new FrameWriter(output);
    const reports: (Error | null)[] = [];
    writer.onBroken = (error) => reports.push(error);
    writer.write([Buffer.from("a")]);
    writer.write([Buffer.from("b")]);
    const epipe = Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
    await output.complete(epipe);
    await turn();
    expect(reports).toEqual([epipe]);
    expect([writer.unsentBytes, writer.unsentFrames]).toEqual([0, 0]);
    writer.write([Buffer.from("c")]);
    expect(writer.unsentFrames).toBe(0);
    expect(output.batches.length).toBe(1);
  });

  it("reports an error that comes between writes", async () => {
    const output = new PassThrough();
    const writer = new FrameWriter(output);
    const reports: (Error | null)[] = [];
    writer.onBroken = (error) => reports.push(error);
    output.destroy(new Error("gone"));
    await turn();
    expect(reports.map(String)).toEqual(["Error: gone"]);
  });

  it("reports a stream that was closed without an error", async () => {
    const output = new PassThrough();
    const writer = new FrameWriter(output);
    const reports: (Error | null)[] = [];
    writer.onBroken = (error) => reports.push(error);
    output.destroy();
    await turn();
    expect(reports).toEqual([null]);
  });

  it("reports a stream that was closed before the writer got it, at the first write", async () => {
    const output = new PassThrough();
    output.destroy();
    await turn();
    const writer = new FrameWriter(output);
    let reports = 0;
    writer.onBroken = () => reports++;
    writer.write([Buffer.from("a")]);
    await turn();
    expect(reports).toBe(1);
    expect(writer.unsentFrames).toBe(0);
  });
});
