import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { ClientOptions } from "../../src/client/client-options.js";
import { type SpawnOptions, UpscaleClient } from "../../src/client/upscale-client.js";
import { spawnWorkerProcess } from "../../src/client/worker-process.js";
import { vulkanDevices } from "../support/engines.js";
import { screentonePage } from "../support/pages.js";
import { TEST_WORKER } from "../support/worker.js";
import { outcomeOf } from "./fake-workers.js";
import { forbidUnhandledRejections } from "./unhandled.js";

forbidUnhandledRejections();

const page = await screentonePage(48, 32);
const tiny = await screentonePage(8, 8);
const poison = Buffer.concat([page, Buffer.from("poison")]);

const clients: UpscaleClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close({ mode: "now", graceMs: 0 })));
});

function open(options: SpawnOptions): UpscaleClient {
  const client = UpscaleClient.spawn(options);
  clients.push(client);
  return client;
}

function openTestWorker(args: readonly string[], options: ClientOptions = {}): UpscaleClient {
  return open({ ...options, command: { command: process.execPath, args: [TEST_WORKER, ...args] } });
}

/** How often each of the promises settles, and as what. */
function watch(promises: readonly Promise<unknown>[]): {
  readonly settled: Promise<unknown[]>;
  counts: number[];
} {
  const counts = promises.map(() => 0);
  const settled = promises.map(async (promise, index) => {
    const outcome = await outcomeOf(promise);
    counts[index] = (counts[index] ?? 0) + 1;
    return outcome;
  });
  return { settled: Promise.all(settled), counts };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function waitUntilGone(pid: number): Promise<void> {
  for (const since = performance.now(); isAlive(pid); ) {
    if (performance.now() - since > 10_000) throw new Error(`expected process ${pid} to be gone`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe("a worker killed in the middle of a page", () => {
  it("costs nothing: every request is answered exactly once", async () => {
    const client = openTestWorker(["--fault", "slow=15", "--tile-size", "16"]);
    let killed = 0;
    const kill = () => {
      if (killed++ > 0) return;
      process.kill(client.worker?.hello.pid ?? 0, "SIGKILL");
    };
    const pages = Array.from({ length: 12 }, (_, index) =>
      client.upscale(page, index === 2 ? { onProgress: kill } : {}),
    );
    const lost: (string | null)[] = [];
    client.on("lost", ({ exit }) => lost.push(exit.signal));
    const { settled, counts } = watch(pages);
    expect(await settled).toEqual(pages.map(() => "result"));
    expect(counts).toEqual(pages.map(() => 1));
    expect(lost).toEqual(["SIGKILL"]);
    expect((await client.close())?.code).toBe(0);
  });
});

describe("a thousand requests", () => {
  it("sent at once are all answered, within the worker's limits", async () => {
    const client = openTestWorker(["--limit", "maxInFlight=40"]);
    const pages = Array.from({ length: 1000 }, (_, index) =>
      client.upscale(tiny, { effort: 0, priority: index % 2 === 0 ? 0 : 2 }),
    );
    const { settled, counts } = watch(pages);
    await client.ready();
    expect(client.inFlight).toBeLessThanOrEqual(40);
    expect(new Set(await settled)).toEqual(new Set(["result"]));
    expect(counts.every((count) => count === 1)).toBe(true);
    const { outcomes } = await client.stats();
    expect(outcomes).toEqual({ result: 1000 });
  });
});

describe("a page that is poison to the worker", () => {
  it.each([
    ["crash", "it crashes"],
    ["hang", "it hangs, answers no ping and is killed"],
    ["garbage", "it writes text between the frames"],
  ])("by %s is quarantined after two workers, the other pages are served", async (fault) => {
    const client = openTestWorker(["--fault", `${fault}-on=poison`], {
      restart: { firstDelayMs: 10 },
      limits: { pingIntervalMs: 200, pongLimitMs: 800 },
    });
    const { settled } = watch([page, poison, tiny].map((data) => client.upscale(data)));
    expect(await settled).toEqual(["result", "internal", "result"]);
    expect(await outcomeOf(client.upscale(poison))).toBe("internal");
    expect((await client.close())?.code).toBe(0);
  });
});

describe("a lost device", () => {
  const replaceSoon = { restart: { firstDelayMs: 10 } };

  it("costs nothing: the worker is replaced and gets what was not served", async () => {
    const client = openTestWorker(["--fault", "device-lost-on=3"], replaceSoon);
    const lost: (number | null)[] = [];
    client.on("lost", ({ exit }) => lost.push(exit.code));
    const { settled } = watch([page, tiny, page, tiny].map((data) => client.upscale(data)));
    expect(await settled).toEqual(["result", "result", "result", "result"]);
    expect(lost).toEqual([75]);
  });

  it("is the error of a request that has lost two of them, and of no other", async () => {
    const client = openTestWorker(["--fault", "device-lost-on=poison"], replaceSoon);
    const lost: (number | null)[] = [];
    client.on("lost", ({ exit }) => lost.push(exit.code));
    expect(await outcomeOf(client.upscale(poison))).toBe("gpu_lost");
    expect((await client.upscale(page)).width).toBe(96);
    expect(lost).toEqual([75, 75]);
  });

  it.skipIf(vulkanDevices.length === 0)(
    "of Vulkan ends the real engine, and the next one goes on",
    async () => {
      const client = openTestWorker(["--fault", "lose-gpu=3"], replaceSoon);
      const lost: (number | null)[] = [];
      client.on("lost", ({ exit }) => lost.push(exit.code));
      const { settled } = watch([tiny, tiny, tiny, tiny].map((data) => client.upscale(data)));
      expect(await settled).toEqual(["result", "result", "result", "result"]);
      expect(lost).toEqual([75]);
    },
  );
});

describe("a worker that cannot be started", () => {
  it.each([
    ["a command that is not there", { command: "/nonexistent/worker" }, "ENOENT"],
    ["wrong options", { command: process.execPath, args: [TEST_WORKER, "--nonsense"] }, "exit code 64"],
    [
      "no device",
      { command: process.execPath, args: [TEST_WORKER, "--fault", "no-device"] },
      "gpu_init_failed",
    ],
  ])("because of %s fails every request with the reason", async (_, command, reason) => {
    const client = open({ command: { ...command, stderr: "ignore" } });
    await expect(client.upscale(page)).rejects.toThrow(reason);
    await expect(client.ready()).rejects.toMatchObject({ code: "connection_lost" });
  });
});

describe("a worker of a later version", () => {
  it("is understood as far as it is known", async () => {
    const client = openTestWorker(["--fault", "inject-unknown"]);
    const progress: number[] = [];
    const { width, height } = await client.upscale(page, { onProgress: (done) => progress.push(done) });
    expect([width, height, progress.length > 0]).toEqual([96, 64, true]);
  });
});

describe("closing while workers crash", () => {
  it("ends with everything settled", async () => {
    const client = openTestWorker(["--fault", "crash-on=1"], { restart: { firstDelayMs: 10 } });
    const { settled, counts } = watch(Array.from({ length: 5 }, () => client.upscale(page)));
    await once(client, "lost");
    await client.close({ mode: "now" });
    await settled;
    expect(counts).toEqual([1, 1, 1, 1, 1]);
  });
});

describe("the end of the reader", () => {
  it.each(["SIGKILL", "exit", "throw"])(
    "by %s is the end of its worker, even inside a page",
    async (ending) => {
      const script = join(import.meta.dirname, "fixtures", "reader.mjs");
      const args = [script, TEST_WORKER, page.toString("base64"), ending === "SIGKILL" ? "stay" : ending];
      const reader = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
      const [pid] = await once(reader.stdout, "data");
      const workerPid = Number(String(pid));
      expect(workerPid).toBeGreaterThan(1);
      if (ending === "SIGKILL") reader.kill("SIGKILL");
      if (reader.exitCode === null && reader.signalCode === null) await once(reader, "exit");
      await waitUntilGone(workerPid);
    },
  );
});

describe("a client attached to the streams of a process", () => {
  it("upscales, and ends it in order", async () => {
    const child = spawnWorkerProcess({ command: process.execPath, args: [TEST_WORKER] });
    const client = UpscaleClient.attach(child.fromWorker, child.toWorker);
    expect((await client.upscale(page)).format).toBe("webp");
    await client.close();
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });
});

describe("this package's own worker", () => {
  it("is what is spawned unless told otherwise", async () => {
    const client = open({ worker: { gpuId: -1, tileSize: 64, winograd: false, logLevel: "error" } });
    expect((await client.ready()).ready.devices).toMatchObject([{ index: -1, backend: "cpu" }]);
    expect(await client.upscale(page)).toMatchObject({ width: 96, height: 64, model: "bd2x-fast" });
  });
});

describe("a page in strips", () => {
  it("comes from the top through onStrip, before a result without data", async () => {
    const client = openTestWorker([]);
    const strips: { index: number; count: number; y: number; height: number }[] = [];
    const result = await client.upscale(await screentonePage(40, 600), {
      onStrip: (strip) => strips.push(strip),
    });
    expect(result).toMatchObject({ width: 80, height: 1200, data: new Uint8Array(0) });
    expect(strips.map(({ index, count, y, height }) => [index, count, y, height])).toEqual([
      [0, 3, 0, 512],
      [1, 3, 512, 512],
      [2, 3, 1024, 176],
    ]);
  });
});
