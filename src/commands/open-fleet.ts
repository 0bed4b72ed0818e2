import { type StartedFleet, startFleet } from "../fleet/start-fleet.js";
import type { Log } from "../log.js";
import { devicesOf, type WorkerChoice } from "./device-choice.js";
import { fleetSpecs } from "./fleet-specs.js";
import { fleetMemory } from "./memory-shares.js";
import type { StagesChoice } from "./open-stages.js";
import type { LogChoice } from "./program-log.js";

export interface OpenedFleet extends StartedFleet {
  /** Bytes of encoded images that may be without an answer. */
  readonly inputs: number;
}

/**
 * Starts this program's worker for each device of the choice.
 *
 * @throws {UpscalerError} unsupported_option: too little memory for so many
 */
export function openFleet(choice: WorkerChoice & StagesChoice & LogChoice, log: Log): OpenedFleet {
  const { inputs, workerMb } = fleetMemory(choice.maxMemory, devicesOf(choice.gpuId).length);
  const write = (line: string) => void process.stderr.write(`${line}\n`);
  return { ...startFleet(fleetSpecs(choice, workerMb, write), log), inputs };
}
