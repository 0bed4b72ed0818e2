import { setTimeout as delay } from "node:timers/promises";
import { EXIT, type ExitCode } from "../../protocol/error-codes.js";
import type { LoadedStages, TerminationSignal } from "../session/session.js";
import { Session } from "../session/session.js";
import { PROGRAM_NAME, PROGRAM_VERSION } from "../version.js";
import type { GuardedStdout } from "../wire/stdout-guard.js";
import type { EngineChoice } from "./engine-options.js";
import { type OpenedStages, openStages } from "./open-stages.js";
import { type LogChoice, openLog } from "./program-log.js";
import { readUsage } from "./usage.js";

/** How long a tile in progress may hold up the end of the process; what is left is ended with the process. */
const CLOSE_MS = 2000;

const SIGNALS: readonly TerminationSignal[] = ["SIGTERM", "SIGHUP", "SIGINT"];

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of somebody else cannot be signalled, but it is there.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function toLoaded({ pipeline, engine }: OpenedStages): LoadedStages {
  const { index, name, backend, memoryMb } = engine.device;
  return {
    processor: pipeline,
    ready: {
      devices: [{ index, name, backend, memory_mb: memoryMb }],
      models: [{ name: engine.model, scales: [engine.scale] }],
      default_model: engine.model,
    },
  };
}

/** Serves one client over standard input and output until one of them ends it. */
export async function runWorker(choice: EngineChoice & LogChoice, stdout: GuardedStdout): Promise<ExitCode> {
  const log = openLog(choice);
  if (stdout.isTerminal || process.stdin.isTTY) {
    log.error(
      "the worker speaks a binary protocol: expected pipes on standard input and output, received a terminal; see --help",
    );
    return EXIT.usage;
  }
  const opening = openStages(choice, log);
  // A failure is told to the client by the session; here it only must not count as unhandled.
  const opened = opening.catch(() => null);
  let pipeline: OpenedStages["pipeline"] | null = null;
  void opened.then((stages) => {
    pipeline = stages?.pipeline ?? null;
  });
  const session = new Session({
    input: process.stdin,
    output: stdout.stream,
    stages: opening.then(toLoaded),
    worker: { name: PROGRAM_NAME, version: PROGRAM_VERSION, pid: process.pid },
    parent: { parentPid: () => process.ppid, isAlive },
    readUsage: () => readUsage(pipeline?.counters ?? null),
    log,
  });
  for (const signal of SIGNALS) process.on(signal, () => session.terminate(signal));
  const exitCode = await session.run();
  await Promise.race([
    opened.then((stages) => stages?.engine.close()),
    delay(CLOSE_MS, null, { ref: false }),
  ]);
  return exitCode;
}
