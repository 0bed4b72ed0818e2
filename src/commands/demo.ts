import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Writable } from "node:stream";
import { EXIT, type ExitCode } from "../../protocol/error-codes.js";
import { UpscaleClient } from "../client/upscale-client.js";
import type { UpscaleResult } from "../client/upscale-result.js";
import { drawBeforeAfter } from "./before-after.js";
import type { WorkerChoice } from "./device-choice.js";
import type { EngineChoice } from "./engine-options.js";
import { ownWorkerOptions } from "./own-worker-options.js";
import { readPage, SAMPLE_PAGE } from "./read-pages.js";

/** Starts the worker as a reader would; one that ends is a failure here and not replaced. */
export function spawnWorker(choice: WorkerChoice): UpscaleClient {
  return UpscaleClient.spawn({ worker: { ...ownWorkerOptions(choice), logLevel: "warn" }, restart: false });
}

function describe(result: UpscaleResult, inputBytes: number, wallMs: number): string {
  const { source, timingsUs: us } = result;
  const ms = (microseconds: number) => `${(microseconds / 1000).toFixed(0)} ms`;
  const kib = (bytes: number) => `${(bytes / 1024).toFixed(0)} KiB`;
  return [
    `page      ${source.width} x ${source.height} ${source.format}, ${kib(inputBytes)} -> ${result.width} x ${result.height} ${result.format}, ${kib(result.data.length)}`,
    `model     ${result.model}, ${result.precision}, tiles of ${result.tile} pixels`,
    `device    ${result.device}`,
    `time      decode ${ms(us.decode)}, upscale ${ms(us.upscale)}, encode ${ms(us.encode)}; ${wallMs.toFixed(0)} ms from request to answer`,
    ...result.warnings.map((warning) => `warning   ${warning}`),
  ].join("\n");
}

/** Shows the whole way of a page: spawns the worker, sends it the page, and keeps the answer beside the original. */
export async function runDemo(
  choice: EngineChoice & { readonly page: string | undefined; readonly output: string },
  output: Writable,
): Promise<ExitCode> {
  const data = await readPage(choice.page ?? SAMPLE_PAGE);
  const say = (text: string) => void output.write(`${text}\n`);
  const client = spawnWorker(choice);
  const worker = await client.ready().catch(() => null);
  if (worker === null) {
    // The worker has said on standard error what is wrong.
    const exit = await client.close();
    return (exit?.code ?? EXIT.internal) as ExitCode;
  }
  say(`worker    process ${worker.hello.pid}, ready after ${worker.ready.load_ms} ms`);
  const started = performance.now();
  const result = await client.upscale(data, { format: "webp" });
  say(describe(result, data.length, performance.now() - started));
  const closed = client.close();
  await mkdir(choice.output, { recursive: true });
  const answer = join(choice.output, "page.webp");
  const picture = join(choice.output, "before-after.png");
  await writeFile(answer, result.data);
  await writeFile(picture, await drawBeforeAfter(data, result.data));
  say(
    `answer    ${resolve(answer)}\ncompare   ${resolve(picture)} (left: enlarged without the network, right: upscaled)`,
  );
  const exit = await closed;
  if (exit?.code !== EXIT.ok) {
    throw new Error(
      `expected the worker to end with ${EXIT.ok}, it ended with ${exit?.code ?? exit?.signal}`,
    );
  }
  return EXIT.ok;
}
