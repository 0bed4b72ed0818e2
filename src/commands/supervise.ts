import type { Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { EXIT, type ExitCode } from "../../protocol/error-codes.js";
import { UpscalerError } from "../errors.js";
import { FleetUsage } from "../fleet/fleet-usage.js";
import type { StartedFleet } from "../fleet/start-fleet.js";
import type { GuardedStdout } from "../wire/stdout-guard.js";
import type { WorkerChoice } from "./device-choice.js";
import { type OpenedFleet, openFleet } from "./open-fleet.js";
import type { StagesChoice } from "./open-stages.js";
import { type LogChoice, openLog } from "./program-log.js";
import { readUsage } from "./usage.js";
import { refusesTerminal, type Service, serve } from "./worker.js";

/** How long the workers may take to end after the last answer; those that are left are killed then. */
const CLOSE_MS = 500;

/**
 * By how many percent JavaScript's small heap may grow before it is collected. Images pass through a supervisor outside
 * of that heap but are counted with it, so that V8 by itself would collect after every few pages, which costs more than
 * passing them on.
 */
const HEAP_GROWTH = 300;

/**
 * Serves one client with a fleet, and ends the fleet with the conversation.
 *
 * @param output the real standard output
 * @returns the exit code for the process; workers that have not ended by then end with it
 */
export async function serveWithFleet(
  output: Writable,
  { fleet, loaded }: StartedFleet,
  service: Pick<Service, "limits" | "log">,
): Promise<ExitCode> {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH}`);
  const usage = new FleetUsage(fleet.children, () => readUsage(null, null));
  const exitCode = await serve(output, {
    ...service,
    stages: loaded,
    readUsage: () => usage.read(),
    refreshUsage: () => usage.refresh(),
  });
  await Promise.race([fleet.close(), delay(CLOSE_MS)]);
  return exitCode;
}

/** Serves one client over standard input and output with one worker for each device. */
export async function runSupervisor(
  choice: WorkerChoice & StagesChoice & LogChoice,
  stdout: GuardedStdout,
): Promise<ExitCode> {
  const log = openLog(choice);
  if (refusesTerminal(stdout, log)) return EXIT.usage;
  let opened: OpenedFleet;
  try {
    opened = await openFleet(choice, log);
  } catch (thrown) {
    if (!(thrown instanceof UpscalerError)) throw thrown;
    log.error(thrown.message);
    return EXIT.usage;
  }
  const limits = { maxInFlightBytes: opened.inputs };
  return serveWithFleet(stdout.stream, opened, { limits, log });
}
