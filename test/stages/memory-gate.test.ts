import { describe, expect, it } from "vitest";
import { UpscalerError } from "../../src/errors.js";
import { SILENT_LOG } from "../../src/log.js";
import type { PageJob } from "../../src/stages/job.js";
import { MemoryAccount } from "../../src/stages/memory-account.js";
import { MemoryGate } from "../../src/stages/memory-gate.js";
import { PagePipeline } from "../../src/stages/pipeline.js";
import { seededRandom } from "../support/images.js";
import { ControlledStages, OPTIONS, settled } from "./controlled-stages.js";

const TWO = { concurrency: 2, places: 2 };

/** Pages whose second byte says how many bytes of 100 they take. */
function setUp() {
  const stages = new ControlledStages();
  const pipeline = new PagePipeline(stages, { decode: TWO, upscale: TWO, encode: TWO }, () => 0);
  const account = new MemoryAccount(100);
  const damaged = new UpscalerError("decode_failed", "no header");
  const measure = async ({ data }: PageJob) => {
    await settled();
    if (data[1] === 0) throw damaged;
    return data[1] ?? 0;
  };
  const gate = new MemoryGate(pipeline, account, measure, SILENT_LOG);
  const start = (name: number, bytes: number, priority = 1) => {
    const controller = new AbortController();
    const job = { data: Buffer.from([name, bytes]), options: OPTIONS, priority, signal: controller.signal };
    const outcome = gate.process(job).then(
      () => "result",
      (thrown: unknown) => thrown,
    );
    return { job, controller, outcome };
  };
  const settledLong = async () => {
    for (let turn = 0; turn < 5; turn++) await settled();
  };
  return { stages, account, gate, damaged, start, settledLong };
}

describe("the gate in front of the pipeline", () => {
  it("keeps a page from being decoded until the memory for its whole way is free", async () => {
    const { stages, account, gate, start, settledLong } = setUp();
    const first = start(1, 70);
    await settledLong();
    const second = start(2, 40);
    await settledLong();
    for (const stage of ["decode", "upscale"]) {
      expect(stages.now).toEqual([`${stage} 1`]);
      await stages.finish(`${stage} 1`);
    }
    expect(account.counters).toMatchObject({ used: 70, waiting: 1 });
    await stages.finish("encode 1");
    expect(await first.outcome).toBe("result");
    await settledLong();
    expect(stages.now).toEqual(["decode 2"]);
    for (const stage of ["decode", "upscale", "encode"]) await stages.finish(`${stage} 2`);
    expect(await second.outcome).toBe("result");
    expect(account.counters).toMatchObject({ used: 0, waiting: 0, peak: 70 });
    expect(gate.hasRoomFor(1)).toBe(true);
  });

  it("has no room while a page waits at it, but lets one come that is more urgent, and lets that in first", async () => {
    const { stages, gate, start, settledLong } = setUp();
    start(1, 70);
    expect(gate.hasRoomFor(1)).toBe(false);
    await settledLong();
    expect(gate.hasRoomFor(1)).toBe(true);
    start(2, 80, 0);
    await settledLong();
    expect([0, 1, 2].map((priority) => gate.hasRoomFor(priority))).toEqual([false, true, true]);
    start(3, 30, 2);
    await settledLong();
    expect(stages.now).toEqual(["decode 1", "decode 3"]);
    expect(gate.hasRoomFor(2)).toBe(false);
  });

  it("says when there may be room again", async () => {
    const { stages, gate, start, settledLong } = setUp();
    const rooms: boolean[] = [];
    gate.onRoom = () => rooms.push(gate.hasRoomFor(1));
    start(1, 70);
    await settledLong();
    expect(rooms).toEqual([true]);
    start(2, 70).controller.abort("not wanted");
    await settledLong();
    expect(rooms.at(-1)).toBe(true);
    for (const stage of ["decode", "upscale", "encode"]) await stages.finish(`${stage} 1`);
    expect(gate.hasRoomFor(1)).toBe(true);
  });

  it("refuses at once what is damaged or too large, and holds nothing for it", async () => {
    const { stages, account, gate, damaged, start } = setUp();
    const outcomes = [await start(1, 0).outcome, await start(2, 101).outcome];
    expect(outcomes).toEqual([damaged, expect.objectContaining({ code: "out_of_memory" })]);
    expect(stages.log).toEqual([]);
    expect(account.counters).toMatchObject({ used: 0, waiting: 0 });
    expect(gate.hasRoomFor(1)).toBe(true);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "holds nothing after whatever end in whatever stage (seed %i)",
    async (seed) => {
      const { stages, account, gate, start } = setUp();
      const random = seededRandom(seed);
      const jobs: ReturnType<typeof start>[] = [];
      let [unsent, most] = [150, 0];
      const sendWhilePossible = () => {
        for (;;) {
          const priority = Math.floor(random() * 3);
          if (unsent === 0 || !gate.hasRoomFor(priority)) return;
          unsent--;
          // Some are damaged (0), some too large (above 100).
          const bytes = random() < 0.05 ? 0 : 1 + Math.floor(random() * 110);
          jobs.push(start(jobs.length, bytes, priority));
        }
      };
      gate.onRoom = sendWhilePossible;
      sendWhilePossible();
      const live = () => jobs.length < 150 || stages.running.length > 0 || account.counters.used > 0;
      for (let step = 0; live() && step < 20_000; step++) {
        const fate = random();
        const running = stages.running[Math.floor(random() * stages.running.length)];
        if (fate < 0.1) jobs.at(-1 - Math.floor(random() * 8))?.controller.abort("abort");
        else if (fate < 0.2) running?.fail(new Error("fail"));
        else running?.finish();
        await settled();
        most = Math.max(most, account.counters.used);
      }
      const outcomes = await Promise.all(jobs.map(({ outcome }) => outcome));
      expect(outcomes).toHaveLength(150);
      const kinds = outcomes.map((each) => (each instanceof Error ? each.message.slice(0, 15) : each));
      const all = ["abort", "expected a page", "fail", "no header", "result"];
      expect([...new Set(kinds)].sort()).toEqual(all);
      expect(most).toBeLessThanOrEqual(100);
      expect(most).toBeGreaterThan(50);
      expect(account.counters).toMatchObject({ used: 0, waiting: 0 });
      expect(gate.hasRoomFor(0)).toBe(true);
    },
  );
});
