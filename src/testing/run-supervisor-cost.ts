import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Command, Option } from "commander";
import { UpscaleClient } from "../client/upscale-client.js";
import { spawnWorkerProcess } from "../client/worker-process.js";
import { integerFrom } from "../commands/image-options.js";
import { SAMPLE_PAGE } from "../commands/read-pages.js";
import { serveWithFleet } from "../commands/supervise.js";
import { startFleet } from "../fleet/start-fleet.js";
import { SILENT_LOG } from "../log.js";
import { median } from "../median.js";
import { sharp } from "../stages/sharp.js";
import { takeStdout } from "../wire/stdout-guard.js";
import { runInstantWorker } from "./instant-worker.js";

/*
 * What a supervisor adds to a page, by hand: node dist/src/testing/run-supervisor-cost.js. Two test workers, one by itself
 * and one behind a supervisor, get the same pages in turn, so that whatever else the machine does meets both. Then
 * workers that answer at once show what the supervisor by itself can pass on.
 */

const SELF = fileURLToPath(import.meta.url);
const TEST_WORKER = fileURLToPath(new URL("test-worker.cjs", import.meta.url));
const TICKS_PER_SECOND = 100;
const WIDTHS = [800, 1600] as const;
const SAMPLE = { width: 800, height: 1200 } as const;
const INSTANT_WORKERS = 2;
const INSTANT_PAGES = 300;
const PLACES = 8;

/** Processor time of a process so far, milliseconds. */
async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // Behind "pid (name) state": the 14th and 15th field of proc(5).
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

function start(...args: readonly string[]): UpscaleClient {
  return UpscaleClient.spawn({ command: { command: process.execPath, args }, restart: false });
}

async function answer(client: UpscaleClient, page: Uint8Array): Promise<{ ms: number; bytes: number }> {
  const started = performance.now();
  const { data } = await client.upscale(page, { effort: 0, quality: 90 });
  return { ms: performance.now() - started, bytes: data.byteLength };
}

/** Sends pages to one and the other in turn. */
async function compare(page: Uint8Array, pages: number) {
  const [bare, supervised] = [start(TEST_WORKER), start(TEST_WORKER, "--fleet", "1")];
  const { hello } = await supervised.ready();
  const { bytes } = await answer(bare, page);
  await answer(supervised, page);
  const before = await cpuMs(hello.pid);
  const [alone, behind]: [number[], number[]] = [[], []];
  for (let index = 0; index < pages; index++) {
    alone.push((await answer(bare, page)).ms);
    behind.push((await answer(supervised, page)).ms);
  }
  const cpu = (await cpuMs(hello.pid)) - before;
  await Promise.all([bare.close(), supervised.close()]);
  return {
    output_bytes: bytes,
    alone_ms: median(alone),
    supervised_ms: median(behind),
    added_ms: median(behind.map((ms, index) => ms - (alone[index] as number))),
    cpu_ms_per_page: cpu / pages,
  };
}

/** Sends pages all at once to workers that do nothing. */
async function flood(page: Uint8Array, answerBytes: number) {
  const supervised = start(SELF, "supervisor", String(answerBytes));
  const { hello } = await supervised.ready();
  const send = () => Promise.all(Array.from({ length: INSTANT_PAGES }, () => answer(supervised, page)));
  await send();
  const before = await cpuMs(hello.pid);
  const started = performance.now();
  await send();
  const ms = performance.now() - started;
  const cpu = (await cpuMs(hello.pid)) - before;
  await supervised.close();
  return { pages_per_second: (INSTANT_PAGES * 1000) / ms, cpu_ms_per_page: cpu / INSTANT_PAGES };
}

async function measure(pages: number): Promise<void> {
  for (const width of WIDTHS) {
    const height = (SAMPLE.height * width) / SAMPLE.width;
    const page = await sharp(SAMPLE_PAGE).resize(width, height).jpeg({ quality: 90 }).toBuffer();
    const one = await compare(page, pages);
    const atOnce = await flood(page, one.output_bytes);
    const report = { width, height, input_bytes: page.byteLength, pages, one_by_one: one, at_once: atOnce };
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  }
}

/** The real supervisor in front of workers that answer at once. */
async function supervise(answerBytes: number): Promise<void> {
  const { stream } = takeStdout();
  const specs = Array.from({ length: INSTANT_WORKERS }, (_, place) => ({
    label: `instant ${place + 1}`,
    places: PLACES,
    deviceExists: async () => true,
    start: () =>
      spawnWorkerProcess({ command: process.execPath, args: [SELF, "worker", String(answerBytes)] }),
  }));
  process.exit(await serveWithFleet(stream, startFleet(specs, SILENT_LOG), { limits: {}, log: SILENT_LOG }));
}

const bytes = integerFrom(1, 1 << 26);
const program = new Command("supervisor-cost")
  .addOption(
    new Option("--pages <count>", "pages of each size, one by one")
      .argParser(integerFrom(1, 10_000))
      .default(40),
  )
  .action(({ pages }: { pages: number }) => measure(pages));
program.command("supervisor <bytes>", { hidden: true }).action((text: string) => supervise(bytes(text)));
program.command("worker <bytes>", { hidden: true }).action((text: string) => runInstantWorker(bytes(text)));
await program.parseAsync();
