import { availableParallelism } from "node:os";
import { finished } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import { EXIT, type ExitCode } from "../../protocol/error-codes.js";
import { DEFAULT_WORKER_LIMITS } from "../../protocol/limits.js";
import { PLAIN_FILES } from "../batch/batch-files.js";
import { dryRun } from "../batch/dry-run.js";
import { findInput } from "../batch/find-files.js";
import { OutputFolders } from "../batch/output-folders.js";
import { chooseTarget, type OutputTarget } from "../batch/output-target.js";
import { type BatchPlan, planBatch } from "../batch/plan.js";
import { ProgressBar } from "../batch/progress-bar.js";
import { BatchRun } from "../batch/run-batch.js";
import type { WindowLimits } from "../batch/window.js";
import { loadNcnnAddon } from "../engine/native.js";
import { UpscalerError } from "../errors.js";
import { removeUnfinished } from "../files/whole-file.js";
import type { GuardedStdout } from "../wire/stdout-guard.js";
import type { WorkerChoice } from "./device-choice.js";
import { toPageOptions } from "./image-options.js";
import { LazyProcessor } from "./lazy-processor.js";
import { memoryShares } from "./memory-shares.js";
import { modelByName } from "./model-by-name.js";
import { openProcessor } from "./open-processor.js";
import type { StagesChoice } from "./open-stages.js";
import { SYSTEM_PROCESSES } from "./process-probe.js";
import { openLog } from "./program-log.js";
import { StopSignals } from "./stop-signals.js";
import type { UpscaleOptions } from "./upscale-options.js";
import { UpscaleReport } from "./upscale-report.js";

/** How long a model that is being loaded, or a tile, may hold up an end that was asked for. */
const CLOSE_MS = 500;

/** How often the progress bar is drawn while nothing happens. */
const DRAW_MS = 1000;

function toWorkerChoice(options: UpscaleOptions): WorkerChoice & StagesChoice {
  const { noise, model, scale } = options;
  if (typeof noise !== "string") return { ...options, noise };
  return { ...options, noise: null, model: modelByName(model, noise, scale) };
}

/** Enough that no stage waits for a file, and that a large page holds up nobody while others are written. */
function windowLimits({ jobs, maxMemory }: UpscaleOptions): WindowLimits {
  const cores = availableParallelism();
  const { load, proc, save } = jobs ?? { load: Math.ceil(cores / 4), proc: cores, save: cores };
  return {
    items: 2 * (load + proc + save) + 4,
    inputBytes: memoryShares(maxMemory).inputs,
    unwrittenBytes: DEFAULT_WORKER_LIMITS.maxUnsentBytes,
  };
}

/** Writes JSON lines to standard output. */
function jsonLines(stdout: GuardedStdout, stop: StopSignals): (value: unknown) => void {
  stdout.stream.on("error", () => stop.stop("nobody reads the JSON lines"));
  return (value) => void stdout.stream.write(`${JSON.stringify(value)}\n`);
}

async function endOutput({ stream }: GuardedStdout): Promise<void> {
  stream.end();
  // Who does not read any more has been noticed already.
  await finished(stream).catch(() => undefined);
}

async function listPlan(
  plan: BatchPlan,
  target: OutputTarget,
  options: UpscaleOptions,
  stdout: GuardedStdout,
  stop: StopSignals,
): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok;
  const { format } = target;
  stdout.stream.on("error", () => stop.stop("nobody reads the list"));
  for await (const item of dryRun(plan, { format, skipExisting: options.skipExisting })) {
    if (stop.signal.aborted) return stop.exitCode ?? EXIT.failure;
    if (item.action === "refuse") exitCode = EXIT.failure;
    const { action, source } = item;
    const line = `${action} ${source} -> ${item.error === null ? item.target : item.error.message}`;
    stdout.stream.write(`${options.json ? JSON.stringify(item) : line}\n`);
  }
  return exitCode;
}

async function runPlan(
  plan: BatchPlan,
  target: OutputTarget,
  options: UpscaleOptions,
  stdout: GuardedStdout,
  stop: StopSignals,
): Promise<ExitCode> {
  const isWatched = process.stderr.isTTY && !options.json && target.is !== "image";
  const bar = isWatched ? new ProgressBar(process.stderr, () => performance.now()) : null;
  const logChoice = options.verbose ? { ...options, logLevel: "debug" as const } : options;
  const log = openLog(logChoice, bar === null ? undefined : (line) => bar.writeLine(line));
  const json = options.json ? jsonLines(stdout, stop) : null;
  const report = new UpscaleReport({ log, bar, json, totalBytes: plan.bytes });
  for (const link of plan.links) log.warn("a link was not followed", { source: link });
  json?.({ event: "start", bytes: plan.bytes, tasks: plan.tasks.length });
  const stages = new LazyProcessor(() => openProcessor({ ...options, ...toWorkerChoice(options) }, log));
  const parts = {
    ...{ io: PLAIN_FILES, report, processor: stages, options: toPageOptions(options, target.format) },
    folders: new OutputFolders((pid) => SYSTEM_PROCESSES.isAlive(pid), log),
    ...{ limits: windowLimits(options), skipExisting: options.skipExisting },
  };
  const drawing = setInterval(() => report.draw(), DRAW_MS).unref();
  let failure: unknown = null;
  try {
    await new BatchRun(plan, parts, stop.signal).run();
  } catch (thrown) {
    failure = thrown;
  }
  clearInterval(drawing);
  bar?.hide();
  if (target.is !== "image") process.stderr.write(`${report.summary()}\n`);
  json?.({ event: "end", ...report.totals });
  if (failure === null) {
    await stages.close();
    return report.totals.hasFailures ? EXIT.failure : EXIT.ok;
  }
  return endEarly(failure, stages, stop, stdout);
}

async function endEarly(
  failure: unknown,
  stages: LazyProcessor,
  stop: StopSignals,
  stdout: GuardedStdout,
): Promise<ExitCode> {
  const isClosed = await Promise.race([stages.close().then(() => true), delay(CLOSE_MS, false)]);
  const exitCode = stop.exitCode ?? lostDevice(failure);
  if (exitCode === null) throw failure;
  process.stderr.write(`error: ${(failure as UpscalerError).code}: ${(failure as UpscalerError).message}\n`);
  if (isClosed) return exitCode;
  await endOutput(stdout);
  return loadNcnnAddon().exitNow(exitCode);
}

function lostDevice(failure: unknown): ExitCode | null {
  return failure instanceof UpscalerError && (failure.code as string) === "gpu_lost" ? EXIT.replaceMe : null;
}

/** Upscales images, folders and archives. */
export async function runUpscale(
  inputs: readonly string[],
  options: UpscaleOptions,
  stdout: GuardedStdout,
): Promise<ExitCode> {
  const labels = [...inputs, ...options.input];
  if (labels.length === 0) {
    process.stderr.write("error: expected an image, a folder or an archive as input, received none\n");
    return EXIT.usage;
  }
  const stop = new StopSignals((exitCode) => {
    removeUnfinished();
    loadNcnnAddon().exitNow(exitCode);
  });
  const found = await Promise.all(labels.map(findInput));
  const [first] = found;
  if (first?.is === "unreadable" && found.length === 1) throw first.error;
  const target = await chooseTarget(options.output, options.format, found);
  const plan = await planBatch(found, target, options.extract, PLAIN_FILES);
  const exitCode = options.dryRun
    ? await listPlan(plan, target, options, stdout, stop)
    : await runPlan(plan, target, options, stdout, stop);
  await endOutput(stdout);
  return exitCode;
}
