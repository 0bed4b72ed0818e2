import type { OwnWorkerOptions } from "../client/own-worker.js";
import type { WorkerChoice } from "./device-choice.js";

/** @returns the choice as options of a worker that is started with it */
export function ownWorkerOptions(choice: WorkerChoice): OwnWorkerOptions {
  const { gpuId, tileSize, precision, threads, winograd, maxVram, maxMemory, gpuDuty } = choice;
  const { model, scale, noise, cpuFallback } = choice;
  return {
    ...{ gpuId, tileSize, precision, threads, winograd, maxVram, maxMemory, gpuDuty },
    ...{ model: model ?? undefined, scale: scale ?? undefined, noise: noise ?? undefined },
    cpuFallback: cpuFallback ?? undefined,
  };
}
