import { createHash } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { type OwnWorkerOptions, ownWorkerCommand } from "../../src/client/own-worker.js";
import { UpscaleClient } from "../../src/client/upscale-client.js";
import { screentonePage } from "../support/pages.js";
import { isAlive, SupervisorLog, untilGone } from "./supervised.js";

/** Named, so that the result depends on nothing else. */
const OPTIONS = { format: "png", tile: 32 } as const;
const PAGES = 6;
const IN_FLIGHT = 8;

const clients: UpscaleClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close({ mode: "now", graceMs: 0 })));
});

function start(options: OwnWorkerOptions, log: SupervisorLog): UpscaleClient {
  const { args = [], ...command } = ownWorkerCommand({ ...options, logLevel: "info" });
  const logged = { args: [...args, "--log", "json"], stderr: (line: string) => log.add(line) };
  // The supervisor itself must not fail: nothing here hides it if it does.
  const client = UpscaleClient.spawn({ command: { ...command, ...logged }, restart: false });
  clients.push(client);
  return client;
}

function sha256(data: Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

const pages = await Promise.all(
  Array.from({ length: PAGES }, (_, index) => screentonePage(40 + 8 * index, 64 - 4 * index)),
);

async function expectedHashes(): Promise<readonly string[]> {
  const client = start({ gpuId: -1 }, new SupervisorLog());
  const results = await Promise.all(pages.map((page) => client.upscale(page, OPTIONS)));
  await client.close();
  return results.map(({ data }) => sha256(data));
}

/** Keeps a supervisor busy, and watches every answer. */
class Load {
  readonly wrong: string[] = [];
  asked = 0;
  answered = 0;
  readonly #client: UpscaleClient;
  readonly #expected: readonly string[];
  readonly #live = new Set<Promise<void>>();
  #isOver = false;

  constructor(client: UpscaleClient, expected: readonly string[]) {
    this.#client = client;
    this.#expected = expected;
  }

  /** Asks for one page after the other until `stop`. */
  async run(): Promise<void> {
    const lane = async () => {
      while (!this.#isOver) {
        const answer = this.#ask(this.asked++);
        this.#live.add(answer);
        await answer;
        this.#live.delete(answer);
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  }

  stop(): void {
    this.#isOver = true;
  }

  /** Everything that was asked for until now is answered. */
  async untilAnswered(): Promise<void> {
    await Promise.all(this.#live);
  }

  async #ask(index: number): Promise<void> {
    const page = index % PAGES;
    const outcome = await this.#client.upscale(pages[page] as Buffer, OPTIONS).then(
      ({ data }) => (sha256(data) === this.#expected[page] ? "" : "another image"),
      (thrown) => String(thrown),
    );
    if (outcome !== "") this.wrong.push(`page ${index}: ${outcome}`);
    this.answered++;
  }
}

describe("two workers on the CPU behind one supervisor", () => {
  it("answer every page with the right image, though each is killed in turn under load", async () => {
    const expected = await expectedHashes();
    const log = new SupervisorLog();
    const client = start({ gpuId: [-1, -1] }, log);
    const { ready } = await client.ready();
    expect(ready.devices.map(({ name }) => name)).toEqual([
      expect.stringMatching(/\(cpu 1\)$/),
      expect.stringMatching(/\(cpu 2\)$/),
    ]);
    const load = new Load(client, expected);
    const running = load.run();
    for (const worker of ["cpu 1", "cpu 2", "cpu 1"]) {
      await load.untilAnswered();
      const started = log.pids(worker).length;
      process.kill(log.pids(worker).at(-1) as number, "SIGKILL");
      // It is lost with pages, which the other one answers, and comes back.
      await log.until(() => log.pids(worker).length > started);
    }
    await load.untilAnswered();
    load.stop();
    await running;
    expect(load.wrong).toEqual([]);
    expect(load.answered).toBe(load.asked);
    const lost = log.about("a worker is lost");
    expect(lost).toHaveLength(3);
    expect(Math.max(...lost.map(({ pages: count }) => count as number))).toBeGreaterThan(0);
    const stats = await client.stats();
    expect(stats.outcomes).toEqual({ result: load.asked });
    expect(stats.stages.upscale?.done).toBeGreaterThan(0);
    expect((await client.close())?.code).toBe(0);
    await untilGone(log.allPids);
    expect(log.allPids.filter(isAlive)).toEqual([]);
  });
});
