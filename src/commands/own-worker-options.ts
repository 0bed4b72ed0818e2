import type { OwnWorkerOptions } from "../client/own-worker.js";
import type { WorkerChoice } from "./device-choice.js";
import type { StagesChoice } from "./open-stages.js";

/** @returns the choice as options of a worker that is started with it */
export function ownWorkerOptions(choice: WorkerChoice & StagesChoice): OwnWorkerOptions {
  const { gpuId, tileSize, precision, threads, winograd, maxVram, maxMemory, gpuDuty } = choice;
  const { model, scale, noise, cpuFallback, jobs, tta } = choice;
  return {
    ...{ gpuId, tileSize, precision, threads, winograd, maxVram, maxMemory, gpuDuty },
    ...{ model: model ?? undefined, scale: scale ?? undefined, noise: noise ?? undefined },
    cpuFallback: cpuFallback ?? undefined,
    ...{ jobs: jobs ?? undefined, tta },
  };
}
