import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { paintScreentone } from "../support/images.js";
import { RawWorker } from "../support/worker.js";

async function pngOf(width: number, height: number): Promise<Buffer> {
  const { data } = paintScreentone(width, height);
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

async function withWorker<Value>(use: (worker: RawWorker) => Promise<Value>): Promise<Value> {
  const worker = new RawWorker(["worker", "--gpu-id", "-1"]).hello();
  try {
    return await use(worker);
  } finally {
    worker.process.kill("SIGKILL");
    await worker.ended;
  }
}

describe("strips", () => {
  it("come from the top before a result without data, and are the rows of the whole page", async () => {
    const data = await pngOf(80, 700);
    await withWorker(async (worker) => {
      worker.send({ t: "upscale", id: 1, data, lossless: true, strips: true });
      worker.send({ t: "upscale", id: 2, data, lossless: true });
      const [answer, whole] = [await worker.answer(1), await worker.answer(2)];
      expect(answer).toMatchObject({ t: "result", width: 160, height: 1400 });
      expect(answer).not.toHaveProperty("data");
      const strips = worker.messages.filter((message) => message.t === "strip");
      // How many depends on the machine's cores.
      expect(strips.length).toBeGreaterThanOrEqual(3);
      expect(strips.map(({ id, index, count }) => [id, index, count])).toEqual(
        strips.map((_, index) => [1, index, strips.length]),
      );
      expect(worker.messages.indexOf(strips.at(-1) ?? {})).toBeLessThan(worker.messages.indexOf(answer));
      const pixels = (bytes: unknown) =>
        sharp(bytes as Uint8Array)
          .removeAlpha()
          .raw()
          .toBuffer();
      const rows = await Promise.all(strips.map((strip) => pixels(strip.data)));
      expect(Buffer.concat(rows).equals(await pixels(whole.data))).toBe(true);
    });
  });

  it("carry a page that is too high for one WebP", async () => {
    const data = await pngOf(20, 9000);
    await withWorker(async (worker) => {
      worker.send({ t: "upscale", id: 1, data });
      worker.send({ t: "upscale", id: 2, data, strips: true, priority: 2 });
      expect(await worker.answer(1)).toMatchObject({
        code: "output_too_large",
        message: expect.stringContaining("strips"),
      });
      expect(await worker.answer(2)).toMatchObject({ t: "result", width: 40, height: 18_000, effort: 0 });
      const heights = worker.messages.filter(({ t }) => t === "strip").map(({ height }) => Number(height));
      expect(heights.reduce((sum, height) => sum + height, 0)).toBe(18_000);
    });
  });

  it("end with the request: none comes after its answer", async () => {
    const data = await pngOf(300, 2000);
    await withWorker(async (worker) => {
      worker.send({ t: "upscale", id: 1, data, strips: true, effort: 6 });
      await worker.type("strip");
      worker.send({ t: "cancel", id: 1 }).send({ t: "upscale", id: 2, data: await pngOf(20, 20) });
      expect(await worker.answer(1)).toMatchObject({ t: "error", code: "cancelled" });
      await worker.answer(2);
      const last = worker.messages.findIndex(({ id, t }) => id === 1 && t === "error");
      expect(worker.messages.slice(last + 1).filter(({ id }) => id === 1)).toEqual([]);
    });
  });
});
