import { existsSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { EXIT } from "../../protocol/error-codes.js";
import { noisePage } from "../support/pages.js";
import type { RawWorker } from "../support/worker.js";
import { workerPool } from "../support/worker-pool.js";

const { startTestWorker } = workerPool();
const page = await noisePage(400, 20);

const MIB = 2 ** 20;
const UNSENT_MB = 8;
/** The few pages that are in the stages when these stop to start more, in pixels and in several copies. */
const IN_STAGES_MB = 48;

/** Resident memory of a process in MiB. */
function residentMb(worker: RawWorker): number {
  const status = readFileSync(`/proc/${worker.process.pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

/** Waits until `value` has not changed for half a second. */
async function settled(value: () => number): Promise<void> {
  for (let last = Number.NaN; value() !== last; ) {
    last = value();
    await delay(500);
  }
}

describe("a client that does not read", () => {
  it.skipIf(!existsSync("/proc/self/status"))(
    "costs bounded memory, however many answers wait, and gets them all once it reads",
    async () => {
      const worker = startTestWorker("--tile-size", "1024", "--limit", `maxUnsentBytes=${UNSENT_MB * MIB}`);
      const upscale = (id: number) =>
        worker.send({ t: "upscale", id, data: page, format: "jpeg", quality: 100 });
      worker.hello();
      // Codecs keep some of the memory that their first pages need.
      for (let id = 1; id <= 24; id++) upscale(id);
      await Promise.all(Array.from({ length: 24 }, (_, index) => worker.answer(index + 1)));
      const before = residentMb(worker);
      worker.process.stdout.pause();
      const ids = Array.from({ length: 200 }, (_, index) => 101 + index);
      for (const id of ids) upscale(id);
      await settled(() => Math.round(residentMb(worker) / 8));
      const grown = residentMb(worker) - before;
      worker.process.stdout.resume();
      worker.send({ t: "shutdown", mode: "drain" });
      expect((await worker.ended).code).toBe(EXIT.ok);
      const answers = worker.messages.filter(({ t, id }) => t === "result" && Number(id) > 100);
      expect(answers.map(({ id }) => Number(id)).sort((a, b) => a - b)).toEqual(ids);
      const answerMb = answers.reduce((sum, { data }) => sum + (data as Uint8Array).length, 0) / MIB;
      const bound = UNSENT_MB + (ids.length * page.length) / MIB + IN_STAGES_MB;
      expect(grown).toBeLessThan(bound);
      // Otherwise the bound says nothing: all answers together have to be well past it.
      expect(answerMb).toBeGreaterThan(2 * bound);
    },
  );

  it("is told client_stalled when it reads nothing for too long, exit code 76", async () => {
    const limits = ["maxUnsentBytes=200000", "stallMs=400"].flatMap((limit) => ["--limit", limit]);
    const worker = startTestWorker(...limits).hello();
    await worker.type("ready");
    worker.process.stdout.pause();
    const ids = Array.from({ length: 16 }, (_, index) => index + 1);
    for (const id of ids) {
      worker.send({ t: "upscale", id, data: page, format: "jpeg", quality: 100 });
    }
    await delay(1500);
    worker.process.stdout.resume();
    expect(await worker.type("fatal")).toMatchObject({ code: "client_stalled" });
    expect((await worker.ended).code).toBe(EXIT.protocol);
    const answers = worker.messages.filter(({ t }) => t === "result" || t === "error");
    expect(answers.map(({ id }) => Number(id)).sort((a, b) => a - b)).toEqual(ids);
    expect(answers.some(({ code }) => code === "shutting_down")).toBe(true);
  });

  it("does not keep the worker when it never reads again", async () => {
    const names = ["maxUnsentBytes=200000", "stallMs=300", "flushStallMs=300"];
    const worker = startTestWorker(...names.flatMap((limit) => ["--limit", limit])).hello();
    await worker.type("ready");
    worker.process.stdout.pause();
    for (const id of [1, 2, 3]) {
      worker.send({ t: "upscale", id, data: page, format: "jpeg", quality: 100 });
    }
    const exited = new Promise((resolve) => worker.process.once("exit", resolve));
    expect(await exited).toBe(EXIT.protocol);
  });
});
