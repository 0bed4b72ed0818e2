import type { GlobalPool } from "../models/global-pools.js";
import { loadNativeAddon } from "../native-addon.js";
import type { Arithmetic } from "./arithmetic.js";

/** A Vulkan device, as addon/gpu_instance.h describes it. */
export interface NativeDevice {
  readonly index: number;
  readonly name: string;
  readonly type: "discrete" | "integrated" | "virtual" | "software";
  readonly driver: string;
  /** As the driver numbers its releases. */
  readonly driverVersion: string;
  /** Hexadecimal; differs wherever compiled shaders do not fit each other. */
  readonly uuid: string;
  readonly memoryMb: number;
  readonly fp16Storage: boolean;
  readonly fp16Arithmetic: boolean;
  readonly int8Storage: boolean;
  readonly cooperativeMatrix: boolean;
  /** Fused convolutions run on its matrix units. */
  readonly fusedConvolution: boolean;
  /** The one that "auto" stands for; none of them where the CPU is better. */
  readonly preferred: boolean;
}

/** What addon/upscaler_arguments.cc expects; every field is checked there again. */
export interface NativeLoadOptions extends Arithmetic {
  readonly paramPath: string;
  readonly binPath: string;
  readonly inputBlob: string;
  readonly outputBlob: string;
  /** Vulkan index, or -1 for the CPU. */
  readonly deviceIndex: number;
  /** CPU threads of one tile. */
  readonly threads: number;
  /** Tiles computed side by side. */
  readonly lanes: number;
  readonly scale: number;
  readonly context: number;
  readonly consumed: number;
  readonly alignment: number;
  readonly addsNearest: boolean;
  readonly edges: "mirror" | "replicate";
  /** In the graph's order. */
  readonly globalPools: readonly GlobalPool[];
  /** MiB of device memory that tensors may take, 0 for no limit but the device's. */
  readonly maxMemoryMb: number;
  /** Share of the time that the device may be kept busy, 0.1 to 1. */
  readonly duty: number;
  /** File for compiled shaders; empty for none. */
  readonly pipelineCachePath: string;
  /** For tests: the number of the submission that fails as if the device were lost, 0 for none. */
  readonly loseDeviceAfter: number;
}

/** Codes of addon/failure.h. */
export type NativeFailureCode =
  | "cancelled"
  | "out_of_memory"
  | "gpu_lost"
  | "model_invalid"
  | "device_unavailable"
  | "internal";

export type NativeFailure = Error & { readonly code: NativeFailureCode };

export type NativeEvent =
  | {
      readonly type: "tile";
      readonly id: number;
      readonly done: number;
      readonly total: number;
      /** Of the output, from its top: can be read. */
      readonly finalRows: number;
    }
  | { readonly type: "finished"; readonly id: number; readonly tile: number }
  | { readonly type: "failed"; readonly id: number; readonly error: NativeFailure }
  | { readonly type: "closed"; readonly id: number };

export interface NativeJob {
  readonly id: number;
  /** width * height * 3 bytes; pinned until the job's last event. */
  readonly input: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** (width * scale) * (height * scale) * 3 bytes; written until the job's last event. */
  readonly output: Uint8Array;
  /** Longest side of a tile in input pixels, at least 32. */
  readonly tile: number;
  /** Tiles of a job with a larger one go first; an integer. */
  readonly priority: number;
}

/** MiB; all 0 on the CPU. */
export interface NativeMemory {
  /** What the driver says this process may take in all. */
  readonly budgetMb: number;
  /** What this process takes now; 0 where the driver does not tell. */
  readonly usedMb: number;
  /** What the tensors of this engine take now, and the most that they took. */
  readonly heldMb: number;
  readonly peakMb: number;
}

/** An image to look at blobs with, at most 2048 pixels a side. */
export interface NativeObservation {
  readonly input: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Magnitudes up to `limit` are counted, larger ones in the last bin; 0 counts none. */
  readonly blobs: readonly { readonly name: string; readonly limit: number }[];
  /** Of each histogram. */
  readonly bins: number;
}

/** How large the values of a blob are. */
export interface BlobStatistics {
  readonly peak: number;
  /** Values by their magnitude, in bins of equal width from 0 to the limit, without zeros; empty without a limit. */
  readonly counts: Uint32Array;
}

export interface NativeUpscaler {
  submit(job: NativeJob): void;
  cancel(id: number): void;
  /** From the job's next tile on; an unknown id is ignored. */
  prioritize(id: number, priority: number): void;
  close(): void;
  memory(): NativeMemory;
  /**
   * Memory that the device writes by itself, for a job's output. Its pixels are not initialised.
   *
   * @returns null where there is none: on the CPU, when much of it is in use, or where JavaScript takes no memory that
   *   is not its own
   */
  createOutput(bytes: number): Uint8Array | null;
  /** Gives memory of createOutput back at once instead of when it is collected; the array is empty afterwards. */
  releaseOutput(array: Uint8Array): void;
  /**
   * Runs the network alone, input and output staying on the device: for benchmarks, on a GPU only.
   *
   * @returns milliseconds of each run
   */
  timeNetwork(width: number, height: number, runs: number): Promise<number[]>;
  /**
   * Runs the network over a small image as one tile and looks at what is inside of it: for calibration, on the CPU only.
   *
   * @returns one for each blob that was named, in that order
   */
  observeBlobs(observation: NativeObservation): Promise<BlobStatistics[]>;
}

export interface NativeAddon {
  listDevices(): Promise<NativeDevice[]>;
  /**
   * Makes the driver ready for a Vulkan device, once for the process; a device that refuses is met again by load.
   *
   * @param device "auto": the preferred one, and nothing where there is none
   */
  openDevice(device: number | "auto"): Promise<void>;
  load(options: NativeLoadOptions, onEvent: (event: NativeEvent) => void): Promise<NativeUpscaler>;
  /** @returns those of the layer types that this build of ncnn cannot make */
  unknownLayers(types: readonly string[]): string[];
  /** @returns whether this CPU has the vectors that the addon's own convolutions need */
  hasDirectConvolution(): boolean;
  /** Ends the process without waiting for threads, unlike process.exit, which waits for the tile in progress. */
  exitNow(code: number): never;
}

/** @throws {FatalError} when the addon is not built or does not fit this Node.js */
export function loadNcnnAddon(): NativeAddon {
  // libgomp reads this when it is loaded: threads that wait actively would take the codecs' cores between two tiles.
  process.env.OMP_WAIT_POLICY ??= "passive";
  return loadNativeAddon("bdreader_ncnn") as NativeAddon;
}
