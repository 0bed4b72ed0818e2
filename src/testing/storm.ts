import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { StatsMessage } from "../../protocol/messages.js";
import { RequestError } from "../client/client-errors.js";
import { UpscaleClient, type UpscalePromise } from "../client/upscale-client.js";
import type { WorkerCommand, WorkerExit } from "../client/worker-process.js";
import { median } from "../median.js";
import { type StormPage, stormPages } from "./storm-pages.js";

export interface StormOptions {
  readonly command: WorkerCommand;
  /** How many to send. */
  readonly pages: number;
  /** Of the random choices. */
  readonly seed: number;
  /** Requests in flight at a time. */
  readonly concurrency: number;
  /** Ends the storm early, milliseconds. */
  readonly limitMs?: number;
}

/** How the worker's process is doing. */
export interface StormSample {
  readonly answers: number;
  readonly rssMb: number;
}

export interface StormReport {
  readonly seconds: number;
  readonly answers: number;
  /** Answers by "result" or code. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Requests that ended neither as their page says nor for having been cut short. */
  readonly surprises: readonly string[];
  /** Every `SAMPLE_EVERY` answers. */
  readonly samples: readonly StormSample[];
  /** Descriptors of the worker before the first page and after the last. */
  readonly descriptors: readonly [number, number];
  /** After the last answer. */
  readonly stats: StatsMessage;
  readonly exit: WorkerExit | null;
}

const SAMPLE_EVERY = 20;
const KIB_PER_MIB = 1024;

async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / KIB_PER_MIB;
}

async function countDescriptors(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}

/** Deterministic numbers from 0 to below 1 (the linear congruential generator of Numerical Recipes). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function pick(pages: readonly StormPage[], random: number): StormPage {
  const total = pages.reduce((sum, { weight }) => sum + weight, 0);
  let left = random * total;
  for (const page of pages) {
    left -= page.weight;
    if (left < 0) return page;
  }
  return pages[0] as StormPage;
}

/** One request with whatever happens to it on its way. */
class StormRequest {
  /** How it may end beside what its page says. */
  readonly #alsoPossible: string | null;
  readonly #page: StormPage;
  readonly #answer: UpscalePromise;

  constructor(client: UpscaleClient, page: StormPage, random: () => number) {
    const fate = random();
    const priority = Math.floor(random() * 3) as 0 | 1 | 2;
    const timeoutMs = fate < 0.03 ? 1 + Math.floor(random() * 200) : undefined;
    this.#page = page;
    this.#answer = client.upscale(page.data, { ...page.options, priority, timeoutMs });
    const isCancelled = fate > 0.9;
    const ofFate = isCancelled ? "cancelled" : null;
    this.#alsoPossible = timeoutMs === undefined ? ofFate : "deadline_exceeded";
    if (isCancelled) void delay(random() * 150).then(() => this.#answer.cancel());
    else if (fate > 0.8) void delay(random() * 100).then(() => this.#answer.update({ priority: 2 }));
  }

  /** @returns "result" or a code, and whether that was to be expected */
  async settle(): Promise<{ readonly outcome: string; readonly expected: boolean }> {
    const outcome = await this.#answer.then(
      () => "result",
      (thrown) => (thrown instanceof RequestError ? thrown.code : String(thrown)),
    );
    return { outcome, expected: outcome === this.#page.outcome || outcome === this.#alsoPossible };
  }
}

/** Sends mixed pages to a worker over its pipes, cancels some, and watches the worker's memory. Linux only. */
export async function runStorm(options: StormOptions): Promise<StormReport> {
  const client = UpscaleClient.spawn({ command: options.command, restart: false });
  const pid = (await client.ready()).hello.pid;
  const pages = await stormPages();
  const random = randomFrom(options.seed);
  const started = performance.now();
  const elapsed = () => performance.now() - started;
  const outcomes: Record<string, number> = {};
  const [surprises, samples]: [string[], StormSample[]] = [[], []];
  let [sent, answers] = [0, 0];
  const first = await countDescriptors(pid);
  const sendOneAfterAnother = async () => {
    while (sent < options.pages && elapsed() < (options.limitMs ?? Number.POSITIVE_INFINITY)) {
      sent++;
      const page = pick(pages, random());
      const { outcome, expected } = await new StormRequest(client, page, random).settle();
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      if (!expected) surprises.push(`expected ${page.outcome}, received ${outcome}`);
      if (++answers % SAMPLE_EVERY === 0) samples.push({ answers, rssMb: await residentMb(pid) });
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, sendOneAfterAnother));
  const seconds = elapsed() / 1000;
  const stats = await restingStats(client);
  const descriptors = [first, await countDescriptors(pid)] as const;
  const exit = await client.close();
  return { seconds, answers, outcomes, surprises, samples, descriptors, stats, exit };
}

/** A page that was cancelled is answered at once; its codec may need a little longer. */
async function restingStats(client: UpscaleClient): Promise<StatsMessage> {
  for (let attempt = 0; ; attempt++) {
    const stats = await client.stats();
    const isBusy = Object.values(stats.stages).some(({ queued, running }) => queued + running > 0);
    if (!isBusy || attempt === 100) return stats;
    await delay(50);
  }
}

/** @returns the median resident memory around a number of answers, in MiB; NaN where there is no sample */
export function residentAround(samples: readonly StormSample[], answers: number, within: number): number {
  const near = samples.filter((sample) => Math.abs(sample.answers - answers) <= within);
  return near.length === 0 ? Number.NaN : median(near.map(({ rssMb }) => rssMb));
}
