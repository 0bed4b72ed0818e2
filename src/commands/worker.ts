import type { Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { EXIT, type ExitCode } from "../../protocol/error-codes.js";
import { loadNcnnAddon } from "../engine/native.js";
import type { Log } from "../log.js";
import type { Usage } from "../session/reports.js";
import type { LoadedStages, SessionOptions, TerminationSignal } from "../session/session.js";
import { Session } from "../session/session.js";
import { PROGRAM_NAME, PROGRAM_VERSION } from "../version.js";
import type { GuardedStdout } from "../wire/stdout-guard.js";
import type { EngineChoice } from "./engine-options.js";
import { memoryShares } from "./memory-shares.js";
import type { OpenedStages, StagesChoice } from "./open-stages.js";
import { SYSTEM_PROCESSES } from "./process-probe.js";
import { type LogChoice, openLog } from "./program-log.js";
import { readUsage } from "./usage.js";

/** How long a tile in progress may hold up the end of the process, which then goes without it. */
const CLOSE_MS = 500;

const SIGNALS: readonly TerminationSignal[] = ["SIGTERM", "SIGHUP", "SIGINT"];

/** @returns the stages as a session takes them */
export function toLoaded({ processor, engine, scales }: OpenedStages): LoadedStages {
  const { index, name, backend, memoryMb } = engine.device;
  return {
    processor,
    ready: {
      devices: [{ index, name, backend, memory_mb: memoryMb }],
      models: [{ name: engine.model, scales: [...scales.all] }],
      default_model: engine.model,
    },
  };
}

/** @returns what `stats` tells of opened stages; null while the model is being loaded */
export function usageOf(opened: Pick<OpenedStages, "pipeline" | "memory"> | null): Usage {
  return readUsage(opened?.pipeline.counters ?? null, opened?.memory.counters ?? null);
}

/** What one worker differs from another in; the process around it is always the same. */
export type Service = Pick<SessionOptions, "stages" | "readUsage" | "refreshUsage" | "limits" | "log">;

/**
 * Holds the conversation of a worker process: standard input, the signals and the parent belong to it.
 *
 * @param output the real standard output
 * @returns the exit code for the process
 */
export function serve(output: Writable, service: Service): Promise<ExitCode> {
  const session = new Session({
    input: process.stdin,
    output,
    worker: { name: PROGRAM_NAME, version: PROGRAM_VERSION, pid: process.pid },
    parent: SYSTEM_PROCESSES,
    ...service,
  });
  for (const signal of SIGNALS) process.on(signal, () => session.terminate(signal));
  return session.run();
}

/** @returns whether nobody can be served; the log says why */
export function refusesTerminal(stdout: GuardedStdout, log: Log): boolean {
  if (!stdout.isTerminal && !process.stdin.isTTY) return false;
  log.error(
    "the worker speaks a binary protocol: expected pipes on standard input and output, received a terminal; see --help",
  );
  return true;
}

/**
 * Imports what it needs only now, so that the client is greeted meanwhile. The codecs come last: reading them holds
 * JavaScript up for as long as the addon's threads need to load a model.
 */
async function openWorkerStages(choice: EngineChoice & StagesChoice, log: Log): Promise<OpenedStages> {
  const { openEngine } = await import("./open-engine.js");
  const importStages = () => import("./open-stages.js");
  // Whether it fails is told below, where the same import is waited for.
  const engine = await openEngine(choice, log, () => void importStages().catch(() => undefined));
  const { openStages } = await importStages();
  return openStages(choice, log, engine);
}

/** Serves one client over standard input and output until one of them ends it. */
export async function runWorker(
  choice: EngineChoice & StagesChoice & LogChoice,
  stdout: GuardedStdout,
): Promise<ExitCode> {
  const log = openLog(choice);
  if (refusesTerminal(stdout, log)) return EXIT.usage;
  const opening = openWorkerStages(choice, log);
  // A failure is told to the client by the session; here it only must not count as unhandled.
  const opened = opening.catch(() => null);
  let loaded: OpenedStages | null = null;
  void opened.then((stages) => {
    loaded = stages;
  });
  const exitCode = await serve(stdout.stream, {
    stages: opening.then(toLoaded),
    limits: { maxInFlightBytes: memoryShares(choice.maxMemory).inputs },
    readUsage: () => usageOf(loaded),
    log,
  });
  const closed = opened.then(async (stages) => {
    await stages?.engine.close();
    return true;
  });
  if (!(await Promise.race([closed, delay(CLOSE_MS, false)]))) loadNcnnAddon().exitNow(exitCode);
  return exitCode;
}
