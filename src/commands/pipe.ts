import { availableParallelism } from "node:os";
import { EXIT, type ExitCode } from "../../protocol/error-codes.js";
import { DEFAULT_WORKER_LIMITS, MAX_FRAME_BYTES } from "../../protocol/limits.js";
import type { UpscalerError } from "../errors.js";
import { makeOutputFolder } from "../files/make-folder.js";
import type { Log } from "../log.js";
import { OrderedRun, type PageOutcome } from "../pipe/ordered-run.js";
import { FolderSink, OutputClosed, type PageSink, StreamSink } from "../pipe/page-sinks.js";
import { readImages } from "../pipe/read-images.js";
import type { GuardedStdout } from "../wire/stdout-guard.js";
import type { EngineChoice } from "./engine-options.js";
import { type ImageChoice, toPageOptions } from "./image-options.js";
import { Interrupted, watchInterrupts } from "./interruption.js";
import { type OpenedStages, openStages } from "./open-stages.js";
import { type LogChoice, openLog } from "./program-log.js";

/** What the command line says about the output of `pipe`. */
export interface PipeChoice extends EngineChoice, ImageChoice, LogChoice {
  /** A folder for numbered files; null for standard output. */
  readonly outDir: string | null;
}

/** As much as one frame of the protocol can carry. */
const MAX_IMAGE_BYTES = MAX_FRAME_BYTES;

/** More than the pipeline has places for, so that a page that takes long does not idle it; each is one page in memory. */
const MAX_PAGES = 2 * availableParallelism() + 8;

/** Thrown to end the run: every further page would fail, too. */
class DeviceLost extends Error {
  override readonly name = "DeviceLost";
}

/** Hands pages on and keeps count of those that failed. */
class Delivery {
  failures = 0;
  readonly #sink: PageSink;
  readonly #log: Log;

  constructor(sink: PageSink, log: Log) {
    this.#sink = sink;
    this.#log = log;
  }

  /** @throws {OutputClosed}, {DeviceLost} */
  async deliver(page: number, { result, failure }: PageOutcome): Promise<void> {
    if (failure !== null) {
      this.#report(page, failure);
      return;
    }
    for (const warning of result.warnings) this.#log.warn(warning, { page });
    await this.#sink.write(page, result.page);
    const { width, height, data } = result.page;
    this.#log.info("page done", { page, width, height, bytes: data.length, ...result.timings });
  }

  #report(page: number, { code, message, detail }: UpscalerError): void {
    this.failures++;
    this.#log.error(`${code}: ${message}`, { page, detail });
    if (code === "gpu_lost") throw new DeviceLost();
  }
}

/** @returns what the run ended with when that is no fault */
function exitCodeFor(thrown: unknown): ExitCode {
  if (thrown instanceof Interrupted) thrown.endProcess();
  if (thrown instanceof DeviceLost) return EXIT.replaceMe;
  if (thrown instanceof OutputClosed) return EXIT.ok;
  throw thrown;
}

async function runPages(
  { processor }: OpenedStages,
  sink: PageSink,
  choice: PipeChoice,
  log: Log,
): Promise<ExitCode> {
  const delivery = new Delivery(sink, log);
  const run = new OrderedRun({
    processor,
    options: toPageOptions(choice, choice.format ?? "webp"),
    maxPages: MAX_PAGES,
    maxWaitingBytes: DEFAULT_WORKER_LIMITS.maxUnsentBytes,
    signal: watchInterrupts(),
    onStop: () => void process.stdin.destroy(),
    deliver: (page, outcome) => delivery.deliver(page, outcome),
  });
  try {
    await run.run(readImages(process.stdin, MAX_IMAGE_BYTES, log));
    await sink.close();
  } catch (thrown) {
    return exitCodeFor(thrown);
  }
  return delivery.failures === 0 ? EXIT.ok : EXIT.failure;
}

/** Upscales the images on standard input to standard output or into a folder, in their order. */
export async function runPipe(choice: PipeChoice, stdout: GuardedStdout): Promise<ExitCode> {
  const log = openLog(choice);
  const { outDir } = choice;
  if (process.stdin.isTTY || (outDir === null && stdout.isTerminal)) {
    log.error(
      "expected images on stdin and a file or pipe as stdout, received a terminal: cat page.jpg | bdreader-ncnn-upscaler pipe > page.webp, or pipe --out-dir FOLDER",
    );
    return EXIT.usage;
  }
  if (outDir !== null) await makeOutputFolder(outDir);
  const stages = await openStages(choice, log);
  try {
    const sink = outDir === null ? new StreamSink(stdout.stream) : new FolderSink(outDir);
    return await runPages(stages, sink, choice, log);
  } finally {
    await stages.engine.close();
  }
}
