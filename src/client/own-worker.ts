import { join } from "node:path";
import { PACKAGE_ROOT } from "../package-root.js";
import type { WorkerCommand } from "./worker-process.js";

/** Options of this package's `worker` command; what is absent is left to its defaults. */
export interface OwnWorkerOptions {
  /** Vulkan index, -1 for the CPU, "auto" for the best device; of several each gets a process behind a supervisor. */
  readonly gpuId?: number | "auto" | readonly number[] | undefined;
  /** Puts a supervisor in front of a single device, too: it replaces a worker that fails without ending itself. */
  readonly supervise?: boolean | undefined;
  /** Side of a tile in input pixels, 0: chosen by memory. */
  readonly tileSize?: number | undefined;
  /** Name in models/manifest.json, or path of a model or of a folder with several. */
  readonly model?: string | undefined;
  /** Of pages that name none, and which of several models in a folder: a 2x model serves 2, 3 and 4. */
  readonly scale?: number | undefined;
  /** Which of several models in a folder: noise removal from -1 (none) to 3. */
  readonly noise?: number | undefined;
  readonly precision?: "auto" | "fp32" | "fp16" | undefined;
  /** CPU threads of one inference. */
  readonly threads?: number | undefined;
  /** False: slower convolutions that give the same bits for every tile size. */
  readonly winograd?: boolean | undefined;
  /** MiB of GPU memory that tensors may take, 0: all that is free. */
  readonly maxVram?: number | undefined;
  /** MiB of the machine's memory that pages may take on their way, at least 512; 0: a quarter of it. */
  readonly maxMemory?: number | undefined;
  /** Share of the time that the GPU may be kept busy, 0.1 to 1. */
  readonly gpuDuty?: number | undefined;
  /** Whether pages that find no memory on the GPU go to the CPU; absent: unless a GPU is named. */
  readonly cpuFallback?: boolean | undefined;
  /** Pages decoded, upscaled and encoded side by side; absent: by cores and device. */
  readonly jobs?: { readonly load: number; readonly proc: number; readonly save: number } | undefined;
  /** Average over eight orientations of each page, which takes eight times as long. */
  readonly tta?: boolean | undefined;
  readonly logLevel?: "debug" | "info" | "warn" | "error" | undefined;
}

/** @returns how to start this package's worker */
export function ownWorkerCommand(options: OwnWorkerOptions): WorkerCommand {
  const given = (name: string, value: string | number | undefined) =>
    value === undefined ? [] : [name, String(value)];
  return {
    command: process.execPath,
    args: [
      ...[join(PACKAGE_ROOT, "dist", "src", "main.cjs"), "worker"],
      ...given("--gpu-id", typeof options.gpuId === "object" ? options.gpuId.join(",") : options.gpuId),
      ...(options.supervise === true ? ["--supervise"] : []),
      ...given("--tile-size", options.tileSize),
      ...given("--model", options.model),
      ...given("--scale", options.scale),
      ...given("--noise", options.noise),
      ...given("--max-vram", options.maxVram),
      ...given("--max-memory", options.maxMemory),
      ...given("--gpu-duty", options.gpuDuty),
      ...(options.cpuFallback === undefined ? [] : [`--${options.cpuFallback ? "" : "no-"}cpu-fallback`]),
      ...given("--precision", options.precision),
      ...given("--threads", options.threads),
      ...(options.winograd === false ? ["--no-winograd"] : []),
      ...given("--jobs", options.jobs && `${options.jobs.load}:${options.jobs.proc}:${options.jobs.save}`),
      ...(options.tta === true ? ["--tta"] : []),
      ...given("--log-level", options.logLevel),
    ],
    env: {
      // Inside Electron the executable is Electron itself, which is a plain Node.js with this.
      ...(process.versions.electron === undefined ? {} : { ELECTRON_RUN_AS_NODE: "1" }),
    },
  };
}
