import sharp from "sharp";
import { describe, expect, it } from "vitest";
import type { RawMessage } from "../../src/wire/codec.js";
import { vulkanDevices } from "../support/engines.js";
import { compare, paintScreentone } from "../support/images.js";
import type { RawWorker } from "../support/worker.js";
import { workerPool } from "../support/worker-pool.js";

const { start, startTestWorker } = workerPool();
const startOnCpu = (...args: string[]): RawWorker => start(["worker", "--gpu-id", "-1", ...args]).hello();

/** A tile of its own, since the automatic one depends on free memory. */
const ASKED = { t: "upscale", format: "png", tile: 64 } as const;

const [WIDTH, HEIGHT] = [60, 44];
const drawing = paintScreentone(WIDTH, HEIGHT);
const png = await sharp(drawing.data, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })
  .png()
  .toBuffer();

const bytesOf = (answer: RawMessage) => answer.data as Uint8Array;
const pixelsOf = (file: Uint8Array) => sharp(file).removeAlpha().raw().toBuffer();

describe("scales beyond the model's own", () => {
  it("are announced, and served beside one another without another start", async () => {
    const worker = startOnCpu();
    expect(await worker.type("ready")).toMatchObject({ models: [{ name: "bd2x-fast", scales: [2, 3, 4] }] });
    for (const scale of [4, 2, 3]) worker.send({ ...ASKED, id: scale, data: png, scale });
    worker.send({ ...ASKED, id: 5, data: png });
    for (const [id, scale] of [
      [2, 2],
      [3, 3],
      [4, 4],
      [5, 2],
    ] as const) {
      const size = { width: scale * WIDTH, height: scale * HEIGHT };
      expect(await worker.answer(id)).toMatchObject({
        t: "result",
        ...size,
        model: "bd2x-fast",
        warnings: [],
      });
    }
  });

  it("at 4 are what two requests by way of a PNG give, bit for bit", async () => {
    const worker = startOnCpu();
    worker.send({ ...ASKED, id: 1, data: png, scale: 4 }).send({ ...ASKED, id: 2, data: png });
    const once = await worker.answer(2);
    worker.send({ ...ASKED, id: 3, data: bytesOf(once) });
    const [asked, byHand] = [await worker.answer(1), await worker.answer(3)];
    expect(asked).toMatchObject({
      width: 240,
      height: 176,
      tile: 64,
      source: { width: WIDTH, height: HEIGHT },
    });
    expect(Buffer.compare(await pixelsOf(bytesOf(asked)), await pixelsOf(bytesOf(byHand)))).toBe(0);
  });

  it("at 3 are what 4 gives, shrunk by hand with another kernel", async () => {
    const worker = startOnCpu();
    for (const scale of [3, 4]) worker.send({ ...ASKED, id: scale, data: png, scale });
    const [three, four] = [await worker.answer(3), await worker.answer(4)];
    expect(three).toMatchObject({ width: 3 * WIDTH, height: 3 * HEIGHT });
    const byHand = await sharp(bytesOf(four))
      .resize(3 * WIDTH, 3 * HEIGHT, { kernel: "mitchell", fit: "fill" })
      .removeAlpha()
      .raw()
      .toBuffer();
    // Nearly the same picture, in the same place.
    expect(compare(await pixelsOf(bytesOf(three)), byHand).psnr).toBeGreaterThan(32);
  });

  it("come in strips whose rows are those of the whole page", async () => {
    const tall = paintScreentone(40, 300);
    const data = await sharp(tall.data, { raw: { width: 40, height: 300, channels: 3 } })
      .png()
      .toBuffer();
    const worker = startOnCpu();
    for (const scale of [3, 4]) {
      worker.send({ ...ASKED, id: scale, data, scale, strips: true });
      worker.send({ ...ASKED, id: 10 + scale, data, scale });
      const [answer, whole] = [await worker.answer(scale), await worker.answer(10 + scale)];
      expect(answer).toMatchObject({ t: "result", width: 40 * scale, height: 300 * scale });
      const strips = worker.messages.filter(({ t, id }) => t === "strip" && id === scale);
      const rows = await Promise.all(strips.map((strip) => pixelsOf(bytesOf(strip))));
      expect(Buffer.compare(Buffer.concat(rows), await pixelsOf(bytesOf(whole)))).toBe(0);
    }
  });

  it("keep transparency and pages without colour", async () => {
    const alpha = await sharp(png).ensureAlpha(0.5).png().toBuffer();
    const grey = await sharp(png).toColourspace("b-w").png().toBuffer();
    const worker = startOnCpu();
    worker.send({ ...ASKED, id: 1, data: alpha, scale: 3 }).send({ ...ASKED, id: 2, data: grey, scale: 4 });
    const [transparent, plain] = [await worker.answer(1), await worker.answer(2)];
    const seen = { width: 3 * WIDTH, height: 3 * HEIGHT, channels: 4 };
    expect(await sharp(bytesOf(transparent)).metadata()).toMatchObject(seen);
    expect(await sharp(bytesOf(plain)).metadata()).toMatchObject({ width: 4 * WIDTH, space: "b-w" });
  });

  it("are those of requests that name none, when the worker was started with one", async () => {
    const worker = startOnCpu("--scale", "4");
    expect(await worker.type("ready")).toMatchObject({ models: [{ scales: [4, 2, 3] }] });
    worker.send({ ...ASKED, id: 1, data: png }).send({ ...ASKED, id: 2, data: png, scale: 2 });
    expect(await worker.answer(1)).toMatchObject({ width: 4 * WIDTH });
    expect(await worker.answer(2)).toMatchObject({ width: 2 * WIDTH });
  });
});

describe.skipIf(vulkanDevices.length === 0)("two passes on a GPU", () => {
  it("read from the memory that the first one wrote, for several pages at once, as on the CPU", async () => {
    // The model of the CPU, which is not every GPU's default.
    const model = ["--model", "bd2x-fast"];
    const onGpu = start(["worker", "--gpu-id", "0", "--precision", "fp32", ...model]).hello();
    const onCpu = startOnCpu();
    const scales = [4, 3, 2, 4, 3];
    for (const [index, scale] of scales.entries()) onGpu.send({ ...ASKED, id: index + 1, data: png, scale });
    for (const scale of [2, 3, 4]) onCpu.send({ ...ASKED, id: scale, data: png, scale });
    for (const [index, scale] of scales.entries()) {
      const [gpu, cpu] = [await onGpu.answer(index + 1), await onCpu.answer(scale)];
      expect(gpu).toMatchObject({ t: "result", device: vulkanDevices[0]?.name, warnings: [] });
      expect(compare(await pixelsOf(bytesOf(gpu)), await pixelsOf(bytesOf(cpu))).psnr).toBeGreaterThan(45);
    }
    const stats = await onGpu.send({ t: "stats", nonce: 1 }).type("stats");
    expect(stats).toMatchObject({ memory_mb: { pages: 0 } });
  });
});

describe("a scale that the model cannot serve", () => {
  it("is answered with those that it can", async () => {
    const worker = startOnCpu().send({ ...ASKED, id: 1, data: png, scale: 1 });
    await worker.type("ready");
    worker.send({ ...ASKED, id: 2, data: png, scale: 1 });
    for (const id of [1, 2]) {
      expect(await worker.answer(id)).toMatchObject({
        ...{ t: "error", code: "unsupported_option", retryable: false },
        message: expect.stringMatching(/one of 2, 3, 4 for scale, received 1/),
      });
    }
  });

  it.each(["1", "5"])("keeps a worker from starting with --scale %s", async (scale) => {
    const worker = start(["worker", "--gpu-id", "-1", "--scale", scale]).hello();
    expect(await worker.type("fatal")).toMatchObject({ code: "gpu_init_failed" });
    expect(await worker.ended).toMatchObject({ code: 69 });
  });
});

describe("a page in two passes", () => {
  it("tells its progress as one, is cancelled in the second, and leaves the worker as it was", async () => {
    const worker = startTestWorker("--tile-size", "64", "--fault", "slow=100").hello();
    const data = await sharp(png).resize(256, 256).png().toBuffer();
    worker.send({ t: "upscale", id: 1, data, scale: 4, progress: true });
    // 16 tiles in the first pass.
    const isSecond = (message: RawMessage) => message.t === "progress" && Number(message.done) > 16;
    expect(await worker.waitFor(isSecond)).toMatchObject({ id: 1, total: 80 });
    worker.send({ t: "cancel", id: 1 }).send({ t: "upscale", id: 2, data: png, scale: 3 });
    expect(await worker.answer(1)).toMatchObject({ t: "error", code: "cancelled" });
    expect(await worker.answer(2)).toMatchObject({ t: "result", width: 3 * WIDTH, height: 3 * HEIGHT });
    const progress = worker.messages.filter(({ t, id }) => t === "progress" && id === 1);
    const done = progress.map((message) => Number(message.done));
    expect(done).toEqual([...done].sort((a, b) => a - b));
    const stats = await worker.send({ t: "stats", nonce: 3 }).type("stats");
    expect(stats).toMatchObject({ memory_mb: { pages: 0 }, running: 0 });
  });
});
