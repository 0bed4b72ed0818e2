import { describe, expect, it } from "vitest";
import { EXIT } from "../../protocol/error-codes.js";
import { pngClaiming } from "../stages/images.js";
import { screentonePage } from "../support/pages.js";
import { runCli } from "../support/worker.js";
import { workerPool } from "../support/worker-pool.js";

const { start, startTestWorker } = workerPool();
const MIB = 2 ** 20;

describe("--max-memory", () => {
  it("is announced as far as it bounds what a client may send", async () => {
    const hello = await start(["worker", "--gpu-id", "-1", "--max-memory", "1000"]).type("hello");
    expect(hello).toMatchObject({ limits: { max_in_flight_bytes: 250 * MIB } });
  });

  it("refuses a page at once that would take more than there is, and goes on with the others", async () => {
    const worker = startTestWorker("--max-memory", "512").hello();
    // Its pixels are not there: reading them would end in decode_failed.
    worker.send({ t: "upscale", id: 1, data: await pngClaiming(8000, 7000) });
    worker.send({ t: "upscale", id: 2, data: await screentonePage(40, 30) });
    expect(await worker.answer(1)).toMatchObject({ t: "error", code: "out_of_memory", retryable: true });
    expect(await worker.answer(2)).toMatchObject({ t: "result" });
    const stats = await worker.send({ t: "stats", nonce: 3 }).type("stats");
    expect(stats).toMatchObject({ memory_mb: { pages: 0, pages_peak: 1, pages_limit: 320 } });
  });

  it.each(["511", "-1", "1.5", "much"])("is no %s", async (value) => {
    const { code, stderr } = await runCli(["worker", "--max-memory", value]);
    expect(code).toBe(EXIT.usage);
    expect(stderr).toMatch(/expected 0 or an integer from 512 to \d+, received/);
  });
});
