/** What a reader in TypeScript or JavaScript imports; everything else is internal. */
export { PRIORITY } from "../protocol/client-messages.js";
export {
  CircuitOpen,
  ClientClosed,
  InputQuarantined,
  QueueFull,
  RequestError,
  WorkerLost,
  WorkerUnusable,
} from "./client/client-errors.js";
export type { ClientOptions, UpdateOptions, UpscaleOptions } from "./client/client-options.js";
export type { OwnWorkerOptions } from "./client/own-worker.js";
export type { RestartOptions } from "./client/restart-policy.js";
export {
  type ClientEventMap,
  type CloseOptions,
  type SpawnOptions,
  UpscaleClient,
  type UpscalePromise,
  type WorkerInfo,
} from "./client/upscale-client.js";
export type { UpscaledStrip, UpscaleResult } from "./client/upscale-result.js";
export type { ClientIdentity } from "./client/worker-connection.js";
export type { StartWorker, WorkerCommand, WorkerExit, WorkerHandle } from "./client/worker-process.js";
export type { RunLimits } from "./client/worker-run.js";
