import { describe, expect, it } from "vitest";
import { EXIT } from "../../protocol/error-codes.js";
import { screentonePage } from "../support/pages.js";
import type { RawWorker } from "../support/worker.js";
import { workerPool } from "../support/worker-pool.js";

const { start, startTestWorker } = workerPool();
const small = await screentonePage(48, 32);
/** As one tile it takes the CPU many seconds. */
const huge = await screentonePage(2400, 2400);

/** A worker in the middle of a tile that nothing can interrupt. */
async function insideOneTile(): Promise<RawWorker> {
  const worker = start(["worker", "--gpu-id", "-1", "--tile-size", "4096"]).hello();
  worker.send({ t: "upscale", id: 1, data: huge });
  const isUpscaling = (nonce: number) => (message: object) =>
    "nonce" in message && message.nonce === nonce && "stages" in message;
  for (let nonce = 1; ; nonce++) {
    const stats = await worker.send({ t: "stats", nonce }).waitFor(isUpscaling(nonce));
    const stages = stats.stages as { upscale?: { running: number } };
    if (stages.upscale?.running === 1) return worker;
  }
}

async function endsWithin(worker: RawWorker, ms: number): Promise<number | null> {
  const since = performance.now();
  const { code } = await worker.ended;
  expect(performance.now() - since).toBeLessThan(ms);
  return code;
}

describe("signals while a tile is in work", () => {
  it("SIGTERM gives the page two seconds, then answers and ends without the tile", async () => {
    const worker = await insideOneTile();
    const since = performance.now();
    worker.process.kill("SIGTERM");
    expect(await worker.type("goaway")).toEqual({ t: "goaway", reason: "terminated" });
    expect(await worker.answer(1)).toMatchObject({ code: "shutting_down", retryable: true });
    expect(performance.now() - since).toBeGreaterThan(1900);
    expect(await endsWithin(worker, 3000)).toBe(EXIT.ok);
    expect(worker.messages.at(-1)).toEqual({ t: "bye" });
  });

  it("a second SIGTERM ends the worker at once", async () => {
    const worker = await insideOneTile();
    worker.process.kill("SIGTERM");
    await worker.type("goaway");
    worker.process.kill("SIGTERM");
    expect(await endsWithin(worker, 3000)).toBe(EXIT.ok);
  });

  it("SIGINT is left to the client once it has said hello", async () => {
    const worker = startTestWorker("--fault", "slow=300").hello();
    worker.send({ t: "upscale", id: 1, data: small }).send({ t: "ping", nonce: 1 });
    await worker.type("pong");
    worker.process.kill("SIGINT");
    expect(await worker.answer(1)).toMatchObject({ t: "result" });
    expect((await worker.endInput().ended).code).toBe(EXIT.ok);
    expect(worker.messages.some(({ t }) => t === "goaway")).toBe(false);
  });

  it("SIGINT ends a worker to which nobody has said hello", async () => {
    const worker = start();
    await worker.type("ready");
    worker.process.kill("SIGINT");
    expect((await worker.ended).code).toBe(EXIT.ok);
    expect(worker.messages.at(-1)).toEqual({ t: "bye" });
  });
});

describe("a lost device", () => {
  it("is told with goaway; what is queued is finished, new work refused, exit code 75", async () => {
    const worker = startTestWorker("--fault", "device-lost-on=1", "--fault", "slow=300").hello();
    worker.send({ t: "upscale", id: 1, data: small }).send({ t: "upscale", id: 2, data: small });
    expect(await worker.type("goaway")).toEqual({ t: "goaway", reason: "gpu_lost" });
    worker.send({ t: "upscale", id: 3, data: small });
    expect(await worker.answer(1)).toMatchObject({ code: "gpu_lost", retryable: true });
    expect(await worker.answer(3)).toMatchObject({ code: "shutting_down", retryable: true });
    expect(await worker.answer(2)).toMatchObject({ t: "result" });
    expect((await worker.ended).code).toBe(EXIT.replaceMe);
    expect(worker.messages.at(-1)).toEqual({ t: "bye" });
  });
});
