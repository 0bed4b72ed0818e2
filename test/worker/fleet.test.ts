import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { EXIT } from "../../protocol/error-codes.js";
import { screentonePage } from "../support/pages.js";
import type { RawWorker } from "../support/worker.js";
import { workerPool } from "../support/worker-pool.js";
import { SupervisorLog, untilGone } from "./supervised.js";

const { start, startTestWorker } = workerPool();
const page = await screentonePage(48, 32);
const poison = Buffer.concat([page, Buffer.from("poison")]);

interface Supervised {
  readonly supervisor: RawWorker;
  readonly log: SupervisorLog;
  /** The processes that were ready so far. */
  readonly pids: readonly number[];
}

/** A supervisor of test workers, once all are ready. */
async function supervise(options: readonly string[] = [], workers = 2, hello = {}): Promise<Supervised> {
  const fleet = ["--fleet", String(workers), "--log", "json", "--log-level", "info"];
  const supervisor = startTestWorker(...fleet, ...options);
  const log = new SupervisorLog();
  createInterface({ input: supervisor.process.stderr }).on("line", (line) => log.add(line));
  await supervisor
    .send({ t: "hello", proto: 1, client: { name: "test", version: "0" }, ...hello })
    .type("ready");
  await log.until(() => log.allPids.length === workers);
  return { supervisor, log, pids: log.allPids };
}

async function upscale(supervisor: RawWorker, id: number, data: Uint8Array = page, more = {}) {
  return supervisor.send({ t: "upscale", id, data, ...more }).answer(id);
}

describe("a supervisor", () => {
  it("speaks as one worker with several devices", async () => {
    const { supervisor, log } = await supervise(["--fault", "slow=20"]);
    expect(await supervisor.type("ready")).toMatchObject({
      devices: [{ name: /test 1/ }, { name: /test 2/ }].map(() => ({ index: -1, backend: "cpu" })),
      default_model: "nearest-for-tests",
    });
    expect(await upscale(supervisor, 1)).toMatchObject({
      ...{ t: "result", width: 96, height: 64, model: "nearest-for-tests", tile: 256 },
      source: { width: 48, height: 32, format: "jpeg" },
      device: expect.stringMatching(/^nearest.*\(test [12]\)$/),
    });
    // Both have something to do, and their figures are added up.
    const answers = await Promise.all(Array.from({ length: 7 }, (_, id) => upscale(supervisor, id + 2)));
    expect(new Set(answers.map(({ device }) => device)).size).toBe(2);
    const stats = await supervisor.send({ t: "stats", nonce: 5 }).type("stats");
    expect(stats).toMatchObject({
      ...{ nonce: 5, queued: 0, running: 0, outcomes: { result: 8 } },
      stages: { decode: { done: 8 }, upscale: { done: 8 }, encode: { done: 8, running: 0 } },
    });
    for (const scale of [3, 4]) {
      expect(await upscale(supervisor, 20 + scale, page, { scale })).toMatchObject({ width: 48 * scale });
    }
    expect(await upscale(supervisor, 30, page, { scale: 1 })).toMatchObject({ code: "unsupported_option" });
    const memory = stats.memory_mb as { rss: number; pages_limit: number };
    expect(memory.pages_limit).toBe(2 * (512 - 128 - 64));
    expect(memory.rss).toBeGreaterThan(0);
    expect((await supervisor.endInput().ended).code).toBe(EXIT.ok);
    // Their logs are part of its own, each line with its worker.
    const connected = log.about("client connected");
    expect(connected.map(({ worker }) => worker).sort()).toEqual(["test 1", "test 2", undefined]);
  });

  it("passes everything on that can be asked for", async () => {
    const { supervisor } = await supervise(["--fault", "slow=150", "--tile-size", "16"], 1);
    const answer = await upscale(supervisor, 1, page, {
      ...{
        format: "webp",
        effort: 0,
        quality: 40,
        tile: 32,
        fit: { width: 60 },
        progress: true,
        strips: true,
      },
    });
    expect(answer).toMatchObject({ t: "result", width: 60, height: 40, effort: 0, tile: 32 });
    expect(answer.data).toBeUndefined();
    expect(supervisor.messages.find(({ t }) => t === "progress")).toMatchObject({ id: 1, total: 2 });
    expect(supervisor.messages.find(({ t }) => t === "strip")).toMatchObject({ id: 1, index: 0, width: 60 });
    expect(await upscale(supervisor, 2, page, { format: "jpeg", lossless: true })).toMatchObject({
      code: "unsupported_option",
    });
    expect(await upscale(supervisor, 3, page, { timeout_ms: 1 })).toMatchObject({
      code: "deadline_exceeded",
    });
    expect(await upscale(supervisor, 4, Buffer.from("%PDF-1.7"))).toMatchObject({
      code: "unsupported_format",
    });
  });

  it("cancels a page that never ends", async () => {
    const { supervisor } = await supervise(["--fault", "stall-on=poison"]);
    supervisor.send({ t: "upscale", id: 1, data: poison });
    expect(await upscale(supervisor, 2)).toMatchObject({ t: "result" });
    supervisor.send({ t: "cancel", id: 1 });
    expect(await supervisor.answer(1)).toMatchObject({ code: "cancelled" });
    expect((await supervisor.endInput().ended).code).toBe(EXIT.ok);
  });
});

describe("a page that ends every worker", () => {
  it.each([
    ["crash", /ended by SIGKILL/],
    ["garbage", /expected a frame length/],
    ["device-lost", /device was lost/],
  ])("by %s is refused with the cause; all others are answered", async (fault, cause) => {
    const { supervisor, log } = await supervise(["--fault", `${fault}-on=poison`]);
    for (let id = 1; id <= 12; id++) {
      supervisor.send({ t: "upscale", id, data: id === 4 ? poison : page });
    }
    const refused = await supervisor.answer(4);
    expect(refused).toMatchObject({ t: "error", code: "internal", message: expect.stringMatching(cause) });
    for (const id of [1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12]) {
      expect(await supervisor.answer(id)).toMatchObject({ t: "result" });
    }
    await log.until(() => log.about("a worker is lost").length >= 2);
    expect((await supervisor.endInput().ended).code).toBe(EXIT.ok);
    const answers = supervisor.messages.filter(({ t }) => t === "result" || t === "error");
    expect(answers).toHaveLength(12);
  });
});

describe("the end of a supervisor", () => {
  const busy = ["--fault", "slow=100"];

  function sendSome({ supervisor }: Supervised): void {
    for (let id = 1; id <= 5; id++) supervisor.send({ t: "upscale", id, data: page });
  }

  it("comes when the input ends, after the last answer; no worker is left", async () => {
    const supervised = await supervise(busy);
    sendSome(supervised);
    const { supervisor, pids } = supervised;
    expect((await supervisor.endInput().ended).code).toBe(EXIT.ok);
    expect(supervisor.messages.filter(({ t }) => t === "result")).toHaveLength(5);
    expect(supervisor.messages.at(-1)).toEqual({ t: "bye" });
    await untilGone(pids);
  });

  it("comes with shutdown now, though a page never ends; no worker is left", async () => {
    const { supervisor, pids } = await supervise(["--fault", "stall"], 1);
    supervisor.send({ t: "upscale", id: 1, data: page }).send({ t: "shutdown", mode: "now", grace_ms: 0 });
    expect(await supervisor.answer(1)).toMatchObject({ code: "shutting_down" });
    expect((await supervisor.ended).code).toBe(EXIT.ok);
    await untilGone(pids);
  });

  it("comes with SIGTERM, in order; no worker is left", async () => {
    const supervised = await supervise(["--fault", "stall"]);
    sendSome(supervised);
    const { supervisor, pids } = supervised;
    await supervisor.send({ t: "ping", nonce: 1 }).type("pong");
    supervisor.process.kill("SIGTERM");
    expect(await supervisor.type("goaway")).toEqual({ t: "goaway", reason: "terminated" });
    expect(await supervisor.answer(5)).toMatchObject({ code: "shutting_down" });
    expect((await supervisor.ended).code).toBe(EXIT.ok);
    await untilGone(pids);
  });

  it("comes at once with a second SIGTERM, even when a worker hangs; no worker is left", async () => {
    const { supervisor, pids } = await supervise(["--fault", "hang"], 1);
    supervisor.send({ t: "upscale", id: 1, data: page }).send({ t: "ping", nonce: 1 });
    await supervisor.type("pong");
    supervisor.process.kill("SIGTERM");
    await supervisor.type("goaway");
    supervisor.process.kill("SIGTERM");
    expect((await supervisor.ended).code).toBe(EXIT.ok);
    await untilGone(pids);
  });

  it("by SIGKILL is the end of its workers", async () => {
    const supervised = await supervise(busy);
    sendSome(supervised);
    supervised.supervisor.process.kill("SIGKILL");
    await untilGone(supervised.pids);
  });

  it("comes with its parent's, though the pipes stay open; no worker is left", async () => {
    const parent = spawn("sleep", ["600"]);
    const { supervisor, pids } = await supervise([], 1, { parent_pid: parent.pid });
    parent.kill("SIGKILL");
    expect((await supervisor.ended).code).toBe(EXIT.ok);
    await untilGone(pids);
  });
});

describe("a supervisor that cannot serve", () => {
  it("says so when no worker has a device, with the exit code of one", async () => {
    const supervisor = startTestWorker("--fleet", "2", "--fault", "no-device").hello();
    expect(await supervisor.type("fatal")).toMatchObject({
      code: "gpu_init_failed",
      message: expect.stringMatching(/as the test asked/),
    });
    expect((await supervisor.ended).code).toBe(EXIT.noDevice);
  });

  it("does not do without a GPU that does not exist", async () => {
    const supervisor = start(["worker", "--gpu-id", "-1,250"]).hello();
    expect(await supervisor.type("fatal")).toMatchObject({
      code: "gpu_init_failed",
      message: expect.stringMatching(/gpu 250/),
    });
    expect((await supervisor.ended).code).toBe(EXIT.noDevice);
  });

  it("refuses a command line that cannot be meant", async () => {
    for (const args of [
      ["worker", "--gpu-id", "0,0"],
      ["worker", "--gpu-id", "-1,-1", "--max-memory", "600"],
      ["pipe", "--gpu-id", "0,1"],
    ]) {
      const { code, stderr } = await start(args).endInput().ended;
      expect([code, stderr]).toEqual([
        EXIT.usage,
        expect.stringMatching(/expected .*(once|least|one device)/),
      ]);
    }
  });
});

describe("the process of a supervisor", () => {
  it("has no codecs and no network in it: what a page does to them cannot end it", async () => {
    const supervisor = start(["worker", "--gpu-id", "-1", "--supervise"]).hello();
    await upscale(supervisor, 1);
    const maps = readFileSync(`/proc/${supervisor.process.pid}/maps`, "utf8");
    const libraries = maps.match(/[^/]*\.(?:node|so[.\d]*)$/gm) ?? [];
    expect(libraries).toContainEqual("stdout_guard.node");
    expect(libraries.filter((library) => /vips|sharp|ncnn|vulkan|upscaler/.test(library))).toEqual([]);
    expect((await supervisor.endInput().ended).code).toBe(EXIT.ok);
  });
});
