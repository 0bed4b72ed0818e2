import { readFile } from "node:fs/promises";
import type { Writable } from "node:stream";
import { EXIT, type ExitCode } from "../../protocol/error-codes.js";
import type { UpscaleClient } from "../client/upscale-client.js";
import type { UpscaleResult } from "../client/upscale-result.js";
import { SAMPLE_PAGE, spawnWorker } from "./demo.js";
import type { EngineChoice } from "./engine-options.js";

export interface BenchChoice extends EngineChoice {
  readonly pages: readonly string[];
  readonly count: number;
  readonly effort: number | null;
}

/** One page at a time is slower than many: fewer of them are enough for a median. */
const LONE_PAGES = 5;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Median milliseconds of one timing over all results. */
function medianMs(results: readonly UpscaleResult[], stage: keyof UpscaleResult["timingsUs"]): string {
  return (median(results.map(({ timingsUs }) => timingsUs[stage])) / 1000).toFixed(1).padStart(9);
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
    return client.upscale(data, { quality: 90, ...(effort === null ? {} : { effort }) });
  };
  await request(0);
  const alone: number[] = [];
  const loneResults: UpscaleResult[] = [];
  for (let i = 0; i < LONE_PAGES; i++) {
    const { value, ms } = await timed(() => request(i));
    alone.push(ms);
    loneResults.push(value);
  }
  const many = await timed(() => Promise.all(Array.from({ length: choice.count }, (_, i) => request(i))));
  return { alone: median(alone), loneResults, results: many.value, totalMs: many.ms };
}

function format(label: string, results: readonly UpscaleResult[]): string {
  const stages = (["queue", "decode", "upscale", "encode", "total"] as const).map((stage) =>
    medianMs(results, stage),
  );
  return `${label.padEnd(16)}${stages.join("")}`;
}

/** Sends pages through a spawned worker, one at a time and then all at once, and prints what each stage took. */
export async function runBench(choice: BenchChoice, output: Writable): Promise<ExitCode> {
  const paths = choice.pages.length > 0 ? choice.pages : [SAMPLE_PAGE];
  const pages = await Promise.all(paths.map((path) => readFile(path)));
  const spawned = performance.now();
  const client = spawnWorker(choice);
  const { load_ms: loadMs, devices } = (await client.ready()).ready;
  const readyMs = performance.now() - spawned;
  const { alone, loneResults, results, totalMs } = await measure(client, pages, choice);
  const closed = client.close();
  const [first] = results;
  const device = devices[0];
  output.write(
    [
      `device   ${device?.name} (${device?.backend}, ${device?.memory_mb} MiB), ${first?.model} ${first?.precision}, tile ${first?.tile}`,
      `start    ${readyMs.toFixed(0)} ms from spawn to ready, ${loadMs} ms of it after hello`,
      `pages    ${pages.length} different, first ${first?.source.width} x ${first?.source.height} -> ${first?.width} x ${first?.height}`,
      `alone    ${alone.toFixed(0)} ms from request to answer, median of ${LONE_PAGES}`,
      `at once  ${results.length} pages in ${totalMs.toFixed(0)} ms: ${((results.length * 1000) / totalMs).toFixed(2)} pages/s, ${((alone * results.length) / totalMs).toFixed(2)} times one after another`,
      `${"median ms".padEnd(16)}${["queue", "decode", "upscale", "encode", "total"].map((name) => name.padStart(9)).join("")}`,
      format("alone", loneResults),
      format("at once", results),
      "",
    ].join("\n"),
  );
  return ((await closed)?.code ?? EXIT.internal) as ExitCode;
}
