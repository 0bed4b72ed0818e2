import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, describe, expect, it } from "vitest";
import type { RawMessage } from "../../src/wire/codec.js";
import { loadEngine, never, SHARED_FOLDER, shippedModel, vulkanDevices } from "../support/engines.js";
import { compare, paintScreentone } from "../support/images.js";
import { RawWorker } from "../support/worker.js";

const started: RawWorker[] = [];
function start(args?: readonly string[], env?: NodeJS.ProcessEnv): RawWorker {
  const worker = new RawWorker(args, env);
  started.push(worker);
  return worker;
}
afterEach(async () => {
  const workers = started.splice(0);
  for (const worker of workers) worker.process.kill("SIGKILL");
  await Promise.all(workers.map((worker) => worker.ended));
});

const image = paintScreentone(150, 100);
const raw = { width: image.width, height: image.height, channels: 3 } as const;
const png = await sharp(image.data, { raw }).png().toBuffer();
const large = await sharp(paintScreentone(1200, 900).data, { raw: { width: 1200, height: 900, channels: 3 } })
  .jpeg()
  .toBuffer();

function pixelsOf(answer: RawMessage): Promise<Buffer> {
  return sharp(answer.data as Uint8Array)
    .removeAlpha()
    .raw()
    .toBuffer();
}

describe("a page", () => {
  it("comes back as the engine's pixels in lossless WebP", async () => {
    const worker = start().hello().send({ t: "upscale", id: 5, data: png, lossless: true });
    const answer = await worker.answer(5);
    expect(answer).toMatchObject({
      t: "result",
      width: 300,
      height: 200,
      format: "webp",
      model: "bd2x-fast",
    });
    expect(answer).toMatchObject({ source: { width: 150, height: 100, format: "png" }, precision: "fp32" });
    const engine = await loadEngine(await shippedModel(), -1);
    const direct = await engine.upscale(image, { tile: null, signal: never });
    await engine.close();
    expect(compare(await pixelsOf(answer), direct.image.data).largest).toBeLessThanOrEqual(1);
  });

  it("is the same for the same page, and so is its cache key; another option gives another key", async () => {
    const worker = start().hello();
    for (const id of [1, 2]) worker.send({ t: "upscale", id, data: png, effort: 0 });
    worker.send({ t: "upscale", id: 3, data: png, effort: 0, quality: 40 });
    const [first, second, third] = await Promise.all([1, 2, 3].map((id) => worker.answer(id)));
    expect(second?.data).toEqual(first?.data);
    expect(second?.cache_key).toBe(first?.cache_key);
    expect(third?.cache_key).not.toBe(first?.cache_key);
  });

  it("may be sent before the model is loaded, and many at once are all answered once", async () => {
    const worker = start().hello();
    const ids = Array.from({ length: 40 }, (_, i) => i + 1);
    for (const id of ids) worker.send({ t: "upscale", id, data: png, effort: 0 });
    await Promise.all(ids.map((id) => worker.answer(id)));
    worker.send({ t: "shutdown", mode: "drain" });
    await worker.ended;
    const answered = worker.messages.filter((message) => message.t === "result").map((message) => message.id);
    expect([...answered].sort((a, b) => Number(a) - Number(b))).toEqual(ids);
  });

  it.skipIf(vulkanDevices.length === 0)(
    "runs on Vulkan, also when that is software, if asked for by index",
    async () => {
      // The model of the CPU, which is not every GPU's default.
      const model = ["--model", "bd2x-fast"];
      const args = ["--mode", "stdin", "--keep-alive", "--gpu-id", "0", "--tile-size", "512", ...model];
      const worker = start(args).hello().send({ t: "upscale", id: 1, data: png, lossless: true });
      const onCpu = start().hello().send({ t: "upscale", id: 1, data: png, lossless: true });
      expect(await worker.type("ready")).toMatchObject({ devices: [{ index: 0, backend: "vulkan" }] });
      const [vulkan, cpu] = await Promise.all([worker.answer(1), onCpu.answer(1)]);
      expect(vulkan).toMatchObject({ device: vulkanDevices[0]?.name, tile: 150 });
      expect(compare(await pixelsOf(vulkan), await pixelsOf(cpu)).psnr).toBeGreaterThan(50);
    },
  );
});

describe("a page that cannot be processed", () => {
  it.each([
    ["text", Buffer.from("this is no image, it is a text file\n"), "unsupported_format"],
    ["nothing", Buffer.alloc(0), "invalid_request"],
    ["a truncated JPEG", large.subarray(0, large.length / 2), "decode_failed"],
    [
      "SVG",
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
      "unsupported_format",
    ],
    ["PDF", Buffer.from("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), "unsupported_format"],
  ])("is answered with an error when it is %s, and the next page is served", async (_, data, code) => {
    const worker = start().hello();
    worker.send({ t: "upscale", id: 1, data }).send({ t: "upscale", id: 2, data: png });
    expect(await worker.answer(1)).toMatchObject({ t: "error", code, retryable: false });
    expect(await worker.answer(2)).toMatchObject({ t: "result", width: 300 });
  });

  it("names what the worker has when model or scale are unknown", async () => {
    const worker = start().hello();
    worker
      .send({ t: "upscale", id: 1, data: png, scale: 1 })
      .send({ t: "upscale", id: 2, data: png, model: "other" });
    expect(await worker.answer(1)).toMatchObject({
      code: "unsupported_option",
      message: expect.stringContaining("2, 3, 4"),
    });
    expect(await worker.answer(2)).toMatchObject({
      code: "model_not_found",
      message: expect.stringContaining("bd2x-fast"),
    });
  });
});

describe("while it works", () => {
  it("answers ping, cancels the running page at its next tile and goes on", async () => {
    const worker = start(["worker", "--gpu-id", "-1", "--tile-size", "32"]).hello();
    await worker.type("ready");
    worker.send({ t: "upscale", id: 1, data: large, progress: true });
    await worker.type("progress");
    worker.send({ t: "ping", nonce: 77 });
    expect(await worker.type("pong")).toMatchObject({ nonce: 77, running: 1 });
    worker.send({ t: "cancel", id: 1 }).send({ t: "upscale", id: 2, data: png });
    expect(await worker.answer(1)).toMatchObject({ t: "error", code: "cancelled" });
    expect(await worker.answer(2)).toMatchObject({ t: "result" });
    const terminal = worker.messages.findIndex((message) => message.id === 1 && message.t === "error");
    expect(worker.messages.slice(terminal).some((message) => message.t === "progress")).toBe(false);
  });

  it("gives up a page whose time is over", async () => {
    const worker = start(["worker", "--gpu-id", "-1", "--tile-size", "32"]).hello();
    await worker.type("ready");
    worker.send({ t: "upscale", id: 1, data: large, timeout_ms: 300 });
    expect(await worker.answer(1)).toMatchObject({ t: "error", code: "deadline_exceeded" });
  });
});

describe("the end", () => {
  it("says bye and exits with 0 when the input ends, after finishing what it has", async () => {
    const worker = start().hello().send({ t: "upscale", id: 1, data: png });
    await worker.type("ready");
    worker.endInput();
    expect(await worker.ended).toMatchObject({ code: 0, signal: null });
    expect(worker.messages.map((message) => message.t)).toEqual(["hello", "ready", "result", "bye"]);
  });

  it("does the same when the input ends at once, while the model is still being loaded", async () => {
    const worker = start().hello().endInput();
    expect(await worker.ended).toMatchObject({ code: 0, signal: null });
    expect(worker.messages.at(-1)).toEqual({ t: "bye" });
  });

  it.each(["SIGTERM", "SIGHUP"] as const)("refuses queued pages on %s and exits with 0", async (signal) => {
    const worker = start(["worker", "--gpu-id", "-1", "--tile-size", "32"]).hello();
    await worker.type("ready");
    for (const id of [1, 2, 3, 4, 5, 6, 7, 8]) worker.send({ t: "upscale", id, data: large, progress: true });
    await worker.type("progress");
    worker.process.kill(signal);
    expect(await worker.ended).toMatchObject({ code: 0, signal: null });
    expect(await worker.answer(8)).toMatchObject({ t: "error", code: "shutting_down" });
    const terminals = worker.messages.filter((message) => ["result", "error"].includes(String(message.t)));
    expect(terminals.map((message) => message.id).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("is at once when nobody reads any more", async () => {
    const worker = start().hello();
    await worker.type("ready");
    worker.process.stdout.destroy();
    worker.send({ t: "ping", nonce: 1 }).send({ t: "ping", nonce: 2 });
    expect(await worker.ended).toMatchObject({ code: 0, signal: null });
  });
});

describe("a client that breaks the protocol", () => {
  it("is told so for text instead of frames, exit code 76", async () => {
    const worker = start().write(Buffer.from("upscale page.jpg please\n"));
    expect(await worker.type("fatal")).toMatchObject({
      code: "frame_too_large",
      message: expect.stringContaining("text"),
    });
    expect((await worker.ended).code).toBe(76);
  });

  it("is told so when the input ends inside a frame", async () => {
    const worker = start()
      .hello()
      .write(Buffer.from([0, 0, 1, 0, 0x81]))
      .endInput();
    expect(await worker.type("fatal")).toMatchObject({ code: "frame_truncated" });
    expect((await worker.ended).code).toBe(76);
  });
});

describe("a worker that cannot start", () => {
  it("says hello, then fatal, and exits with 69 for a device that is not there", async () => {
    const worker = start(["worker", "--gpu-id", "200"]).hello();
    expect(await worker.type("fatal")).toMatchObject({
      code: "gpu_init_failed",
      message: expect.stringContaining("200"),
    });
    expect(worker.messages[0]).toMatchObject({ t: "hello", proto: [1] });
    expect((await worker.ended).code).toBe(69);
  });

  it("exits with 69 for a model that cannot be loaded", async () => {
    const worker = start(["worker", "--gpu-id", "-1", "--model", "/nonexistent/model.param"]).hello();
    expect(await worker.type("fatal")).toMatchObject({
      message: expect.stringContaining("/nonexistent/model"),
    });
    expect((await worker.ended).code).toBe(69);
  });

  it("offers the CPU on a machine without a Vulkan driver", async () => {
    const env = { VK_ICD_FILENAMES: "/nonexistent.json", VK_DRIVER_FILES: "/nonexistent.json" };
    const worker = start(["worker"], env).hello().send({ t: "upscale", id: 1, data: png });
    expect(await worker.type("ready")).toMatchObject({ devices: [{ index: -1, backend: "cpu" }] });
    expect(await worker.answer(1)).toMatchObject({ t: "result" });
  });
});

describe.skipIf(!existsSync(SHARED_FOLDER))("published art and models", () => {
  it("upscales a real page", async () => {
    const data = readFileSync(join(SHARED_FOLDER, "data", "art", "peppercarrot_E06P05_ja.jpg"));
    const worker = start().hello().send({ t: "upscale", id: 1, data });
    const answer = await worker.answer(1);
    expect(answer).toMatchObject({ t: "result", width: 1984, height: 2802 });
    expect(await sharp(answer.data as Uint8Array).metadata()).toMatchObject({ width: 1984, height: 2802 });
  });

  it.each([
    ["realcugan-se/up2x-conservative", 2],
    ["realcugan-se/up4x-conservative", 4],
    ["waifu2x-upconv7-anime/noise0_scale2.0x_model", 2],
    ["waifu2x-cunet/noise0_scale2.0x_model", 2],
    ["realesr-animevideov3/realesr-animevideov3-x4", 4],
  ])("runs %s", async (name, scale) => {
    const path = join(SHARED_FOLDER, "models", `${name}.param`);
    const page = join(SHARED_FOLDER, "data", "art", "peppercarrot_E06P05_ja.jpg");
    const crop = sharp(page).extract({ left: 300, top: 700, width: 150, height: 100 });
    const original = await crop.clone().raw().toBuffer();
    const worker = start(["worker", "--gpu-id", "-1", "--model", path]).hello();
    worker.send({ t: "upscale", id: 1, data: await crop.png().toBuffer(), lossless: true });
    const answer = await worker.answer(1);
    expect(answer).toMatchObject({ t: "result", width: 150 * scale, height: 100 * scale });
    // A wrong crop, padding or residual would give another picture; a network only adds detail to this one.
    const upscaled = { raw: { width: 150 * scale, height: 100 * scale, channels: 3 } } as const;
    const back = await sharp(await pixelsOf(answer), upscaled)
      .resize(150, 100, { fit: "fill" })
      .raw()
      .toBuffer();
    // One pixel beside its place, none of these models reaches this.
    expect(compare(back, original).psnr).toBeGreaterThan(28);
  });
});
