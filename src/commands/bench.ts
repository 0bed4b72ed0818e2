import { writeFile } from "node:fs/promises";
import type { Writable } from "node:stream";
import { EXIT, type ExitCode } from "../../protocol/error-codes.js";
import type { ReadyMessage } from "../../protocol/messages.js";
import type { UpscaleClient } from "../client/upscale-client.js";
import type { UpscaleResult } from "../client/upscale-result.js";
import { median } from "../median.js";
import { spawnWorker } from "./demo.js";
import type { WorkerChoice } from "./device-choice.js";
import { readPages } from "./read-pages.js";

export interface BenchChoice extends WorkerChoice {
  readonly pages: readonly string[];
  readonly count: number;
  readonly effort: number | null;
  /** File for everything as JSON; null for none. */
  readonly json: string | null;
}

/** One page at a time is slower than many: fewer of them are enough for a median. */
const LONE_PAGES = 5;

const QUALITY = 90;

const TIMINGS = ["queue", "decode", "upscale", "encode", "total"] as const;

/** Milliseconds of the worker's own clock, medians over pages. */
type Timings = Readonly<Record<(typeof TIMINGS)[number], number>>;

/** What was measured through the worker's pipes. Times in milliseconds. */
interface WorkerBench {
  readonly startMs: number;
  readonly loadMs: number;
  readonly aloneMs: number;
  readonly count: number;
  readonly totalMs: number;
  readonly pagesPerSecond: number;
  readonly alone: Timings;
  readonly atOnce: Timings;
}

function medianTimings(results: readonly UpscaleResult[]): Timings {
  const medianMs = (name: keyof Timings) => median(results.map(({ timingsUs }) => timingsUs[name])) / 1000;
  const [queue, decode, upscale] = [medianMs("queue"), medianMs("decode"), medianMs("upscale")];
  return { queue, decode, upscale, encode: medianMs("encode"), total: medianMs("total") };
}

async function timed<Value>(action: () => Promise<Value>): Promise<{ value: Value; ms: number }> {
  const started = performance.now();
  const value = await action();
  return { value, ms: performance.now() - started };
}

async function measure(client: UpscaleClient, pages: readonly Uint8Array[], choice: BenchChoice) {
  const request = (index: number) => {
    const data = pages[index % pages.length] as Uint8Array;
    const { effort } = choice;
    return client.upscale(data, { quality: QUALITY, ...(effort === null ? {} : { effort }) });
  };
  await request(0);
  const times: number[] = [];
  const loneResults: UpscaleResult[] = [];
  for (let i = 0; i < LONE_PAGES; i++) {
    const { value, ms } = await timed(() => request(i));
    times.push(ms);
    loneResults.push(value);
  }
  const many = await timed(() => Promise.all(Array.from({ length: choice.count }, (_, i) => request(i))));
  return { aloneMs: median(times), loneResults, results: many.value, totalMs: many.ms };
}

function describeSubject(ready: ReadyMessage, result: UpscaleResult | undefined, pages: number) {
  return {
    devices: ready.devices,
    ...{ model: result?.model, precision: result?.precision, tile: result?.tile, pages },
    source: result && { width: result.source.width, height: result.source.height },
    output: result && { width: result.width, height: result.height },
    quality: QUALITY,
    date: new Date().toISOString(),
    node: process.version,
  };
}

function formatBench(subject: ReturnType<typeof describeSubject>, bench: WorkerBench): string {
  const { devices, source, output } = subject;
  const columns = (cells: readonly string[]) => cells.map((cell) => cell.padStart(9)).join("");
  const row = (label: string, timings: Timings) =>
    `${label.padEnd(16)}${columns(TIMINGS.map((name) => timings[name].toFixed(1)))}`;
  const ratio = (bench.aloneMs * bench.count) / bench.totalMs;
  return [
    ...devices.map(({ name, backend, memory_mb }) => `device   ${name} (${backend}, ${memory_mb} MiB)`),
    `model    ${subject.model} ${subject.precision}, tile ${subject.tile}`,
    `start    ${bench.startMs.toFixed(0)} ms from spawn to ready, ${bench.loadMs} ms of it after hello`,
    `pages    ${subject.pages} different, first ${source?.width} x ${source?.height} -> ${output?.width} x ${output?.height}`,
    `alone    ${bench.aloneMs.toFixed(0)} ms from request to answer, median of ${LONE_PAGES}`,
    `at once  ${bench.count} pages in ${bench.totalMs.toFixed(0)} ms: ${bench.pagesPerSecond.toFixed(2)} pages/s, ${ratio.toFixed(2)} times one after another`,
    `${"median ms".padEnd(16)}${columns(TIMINGS)}`,
    row("alone", bench.alone),
    row("at once", bench.atOnce),
    "",
  ].join("\n");
}

/** Sends pages through a spawned worker, one at a time and then all at once, and prints what each stage took. */
export async function runBench(choice: BenchChoice, output: Writable): Promise<ExitCode> {
  const pages = await readPages(choice.pages);
  const spawned = performance.now();
  const client = spawnWorker(choice);
  const { ready } = await client.ready();
  const startMs = performance.now() - spawned;
  const { aloneMs, loneResults, results, totalMs } = await measure(client, pages, choice);
  const closed = client.close();
  const bench: WorkerBench = {
    ...{ startMs, loadMs: ready.load_ms, aloneMs, count: results.length, totalMs },
    pagesPerSecond: (results.length * 1000) / totalMs,
    alone: medianTimings(loneResults),
    atOnce: medianTimings(results),
  };
  const subject = describeSubject(ready, results[0], pages.length);
  output.write(formatBench(subject, bench));
  if (choice.json !== null) {
    await writeFile(choice.json, `${JSON.stringify({ ...subject, ...bench }, null, 2)}\n`);
  }
  return ((await closed)?.code ?? EXIT.internal) as ExitCode;
}
