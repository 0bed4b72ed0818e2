import { describe, expect, it } from "vitest";
import { parseWorkerMessage } from "../../src/wire/validate.js";
import { screentonePage } from "../support/pages.js";
import { workerPool } from "../support/worker-pool.js";

const { startTestWorker } = workerPool();
const page = await screentonePage(64, 48);
const poison = Buffer.concat([page, Buffer.from("poison")]);

describe("the test worker", () => {
  it("upscales real pages with its own engine, tile by tile", async () => {
    const worker = startTestWorker("--fault", "slow=5", "--tile-size", "32").hello();
    worker.send({ t: "upscale", id: 1, data: page, progress: true });
    const answer = await worker.answer(1);
    expect(answer).toMatchObject({
      t: "result",
      width: 128,
      height: 96,
      model: "nearest-for-tests",
      tile: 32,
    });
    expect(worker.messages.find(({ t }) => t === "progress")).toMatchObject({ total: 4 });
    expect((await worker.endInput().ended).code).toBe(0);
  });

  it.each([
    ["out-of-memory-on=2", { t: "error", code: "out_of_memory", retryable: true }, 0],
    ["device-lost-on=poison", { t: "error", code: "gpu_lost", retryable: true }, 75],
  ])("answers the page of fault %s with its error and no other", async (fault, expected, code) => {
    const worker = startTestWorker("--fault", fault).hello();
    worker.send({ t: "upscale", id: 1, data: page }).send({ t: "upscale", id: 2, data: poison });
    expect(await worker.answer(2)).toMatchObject(expected);
    expect(await worker.answer(1)).toMatchObject({ t: "result" });
    expect((await worker.endInput().ended).code).toBe(code);
  });

  it("crashes with crash, and answers nothing but lives with hang until it is killed", async () => {
    const crashing = startTestWorker("--fault", "crash").hello().send({ t: "upscale", id: 1, data: page });
    expect(await crashing.ended).toMatchObject({ code: null, signal: "SIGKILL" });
    const hanging = startTestWorker("--fault", "hang").hello().send({ t: "upscale", id: 1, data: page });
    await hanging.type("ready");
    await new Promise((resolve) => setTimeout(resolve, 300));
    hanging.send({ t: "ping", nonce: 1 });
    hanging.process.kill("SIGTERM");
    const ended = await Promise.race([
      hanging.ended,
      new Promise((resolve) => setTimeout(() => resolve("lives"), 500)),
    ]);
    expect(ended).toBe("lives");
    expect(hanging.messages.map(({ t }) => t)).toEqual(["hello", "ready"]);
  });

  it("answers pings while a page never ends with stall, and can cancel it", async () => {
    const worker = startTestWorker("--fault", "stall-on=poison").hello();
    worker.send({ t: "upscale", id: 1, data: poison }).send({ t: "ping", nonce: 5 });
    expect(await worker.type("pong")).toMatchObject({ nonce: 5 });
    worker.send({ t: "cancel", id: 1 });
    expect(await worker.answer(1)).toMatchObject({ code: "cancelled" });
  });

  it("makes noise that never reaches the frames with stdout-noise, and text among them with garbage", async () => {
    const noisy = startTestWorker("--fault", "stdout-noise")
      .hello()
      .send({ t: "upscale", id: 1, data: page });
    expect(await noisy.answer(1)).toMatchObject({ t: "result" });
    const { stderr, stdout } = await noisy.endInput().ended;
    expect(stderr).toContain("noise from JavaScript");
    expect(stderr).toContain("noise from native code");
    expect(stdout.includes("noise")).toBe(false);
    const broken = startTestWorker("--fault", "garbage");
    broken.process.stdout.removeAllListeners("data");
    const text = new Promise((resolve) => {
      broken.process.stdout.on("data", (chunk: Buffer) => {
        if (chunk.includes("knows nothing of frames")) resolve("garbage");
      });
    });
    broken.hello().send({ t: "upscale", id: 1, data: page });
    expect(await text).toBe("garbage");
  });

  it("says legal messages with something unknown in each, and unknown ones, with inject-unknown", async () => {
    const worker = startTestWorker("--fault", "inject-unknown")
      .hello()
      .send({ t: "upscale", id: 1, data: page });
    await worker.answer(1);
    await worker.endInput().ended;
    const known = worker.messages.filter((message) => parseWorkerMessage(message) !== null);
    expect(known.map(({ t }) => t)).toEqual(["hello", "ready", "result", "bye"]);
    expect(worker.messages.every((message) => "future_field" in message)).toBe(true);
    const unknown = worker.messages.filter((message) => parseWorkerMessage(message) === null);
    expect(unknown.map(({ t, id }) => [t, id])).toEqual([
      ["future_notice", undefined],
      ["future_notice", undefined],
      ["future_notice", 1],
      ["future_notice", undefined],
    ]);
  });

  it("ends or stays as its faults at the start say", async () => {
    const [exits, noDevice, neverReady] = ["exit-at-start=75", "no-device", "never-ready"].map((fault) =>
      startTestWorker("--fault", fault).hello(),
    );
    expect(await exits?.ended).toMatchObject({ code: 75, stdout: Buffer.alloc(0) });
    expect(await noDevice?.type("fatal")).toMatchObject({ code: "gpu_init_failed" });
    expect((await noDevice?.ended)?.code).toBe(69);
    await neverReady?.send({ t: "ping", nonce: 1 }).type("pong");
    expect(neverReady?.messages.map(({ t }) => t)).toEqual(["hello", "pong"]);
  });

  it("has the limits that it is given, and exits with 64 for those it does not know", async () => {
    const worker = startTestWorker("--limit", "maxInFlight=1", "--limit", "maxFrame=100000").hello();
    expect(await worker.type("hello")).toMatchObject({ limits: { max_in_flight: 1, max_frame: 100_000 } });
    const wrong = await startTestWorker("--limit", "patience=1").ended;
    expect(wrong.code).toBe(64);
    expect(wrong.stderr).toContain("maxInFlight");
  });
});
