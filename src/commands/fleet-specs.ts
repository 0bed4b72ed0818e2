import { availableParallelism } from "node:os";
import { ownWorkerCommand } from "../client/own-worker.js";
import { spawnWorkerProcess, type WorkerCommand } from "../client/worker-process.js";
import { loadNcnnAddon } from "../engine/native.js";
import { CPU_INDEX } from "../engine/select-device.js";
import type { ChildSpec } from "../fleet/fleet-child.js";
import { labelLine } from "./child-log.js";
import { devicesOf, type WorkerChoice } from "./device-choice.js";
import type { EngineChoice } from "./engine-options.js";
import type { StagesChoice } from "./open-stages.js";
import { ownWorkerOptions } from "./own-worker-options.js";
import { pipelinePlaces } from "./pipeline-limits.js";
import type { LogChoice } from "./program-log.js";

/** Whether a device that was named by its number is there. */
async function deviceExists(gpuId: EngineChoice["gpuId"]): Promise<boolean> {
  if (gpuId === "auto" || gpuId === CPU_INDEX) return true;
  const devices = await loadNcnnAddon().listDevices();
  return devices.some(({ index }) => index === gpuId);
}

/** @returns "gpu 1", "cpu", or "cpu 2" for the second of several workers on the CPU */
function labelsOf(devices: readonly EngineChoice["gpuId"][]): readonly string[] {
  const cpus = devices.filter((id) => id === CPU_INDEX).length;
  let cpu = 0;
  return devices.map((id) => {
    if (id !== CPU_INDEX) return id === "auto" ? "gpu auto" : `gpu ${id}`;
    return cpus === 1 ? "cpu" : `cpu ${++cpu}`;
  });
}

/**
 * @param memoryMb for each worker
 * @param write receives the workers' log lines, each with the name of its worker
 * @returns this program's own worker for each device of the choice
 */
export function fleetSpecs(
  choice: WorkerChoice & StagesChoice & LogChoice,
  memoryMb: number,
  write: (line: string) => void,
): readonly ChildSpec[] {
  const devices = devicesOf(choice.gpuId);
  const labels = labelsOf(devices);
  const cpus = devices.filter((id) => id === CPU_INDEX).length;
  return devices.map((gpuId, place) => {
    const label = labels[place] as string;
    // Workers on the CPU share its cores.
    const threads = gpuId === CPU_INDEX ? Math.max(1, Math.floor(choice.threads / cpus)) : choice.threads;
    const options = ownWorkerOptions({ ...choice, gpuId, threads, maxMemory: memoryMb });
    const { args = [], ...own } = ownWorkerCommand({ ...options, logLevel: choice.logLevel });
    const command: WorkerCommand = {
      ...own,
      args: [...args, "--log", choice.log],
      stderr: (line) => write(labelLine(line, label, choice.log)),
    };
    return {
      label,
      places: pipelinePlaces(availableParallelism()),
      start: () => spawnWorkerProcess(command),
      deviceExists: () => deviceExists(gpuId),
    };
  });
}
