import { CPU_INDEX } from "../engine/select-device.js";
import { type StartedFleet, startFleet } from "../fleet/start-fleet.js";
import type { Log } from "../log.js";
import { ModelCatalogue } from "../models/catalogue.js";
import { devicesOf, type WorkerChoice } from "./device-choice.js";
import { fleetSpecs } from "./fleet-specs.js";
import { fleetMemory } from "./memory-shares.js";
import { forUser } from "./models.js";
import { MODELS_FOLDER } from "./open-engine.js";
import type { StagesChoice } from "./open-stages.js";
import type { LogChoice } from "./program-log.js";

export interface OpenedFleet extends StartedFleet {
  /** Bytes of encoded images that may be without an answer. */
  readonly inputs: number;
}

/**
 * The default for all of them: a book whose pages came from different models would show it.
 *
 * @returns null for a single device, whose worker knows its type
 * @throws {UpscalerError} model_invalid: the manifest of the models that come with the program is damaged
 */
async function sharedDefault(devices: ReturnType<typeof devicesOf>): Promise<string | null> {
  if (devices.length === 1) return null;
  const catalogue = await forUser(() => ModelCatalogue.open(MODELS_FOLDER));
  return devices.includes(CPU_INDEX) ? catalogue.defaultName : catalogue.gpuDefaultName;
}

/**
 * Starts this program's worker for each device of the choice.
 *
 * @throws {UpscalerError} unsupported_option: too little memory for so many; model_invalid
 */
export async function openFleet(
  choice: WorkerChoice & StagesChoice & LogChoice,
  log: Log,
): Promise<OpenedFleet> {
  const devices = devicesOf(choice.gpuId);
  const { inputs, workerMb } = fleetMemory(choice.maxMemory, devices.length);
  const model = choice.model ?? (await sharedDefault(devices));
  const write = (line: string) => void process.stderr.write(`${line}\n`);
  return { ...startFleet(fleetSpecs({ ...choice, model }, workerMb, write), log), inputs };
}
