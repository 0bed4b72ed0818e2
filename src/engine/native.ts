import { loadNativeAddon } from "../native-addon.js";

/** A Vulkan device, as addon/gpu_instance.h describes it. */
export interface NativeDevice {
  readonly index: number;
  readonly name: string;
  readonly type: "discrete" | "integrated" | "virtual" | "software";
  readonly driver: string;
  readonly memoryMb: number;
  readonly fp16Storage: boolean;
  readonly fp16Arithmetic: boolean;
  readonly int8Storage: boolean;
  readonly cooperativeMatrix: boolean;
}

/** What addon/upscaler_arguments.cc expects; every field is checked there again. */
export interface NativeLoadOptions {
  readonly paramPath: string;
  readonly binPath: string;
  readonly inputBlob: string;
  readonly outputBlob: string;
  readonly deviceIndex: number;
  readonly fp16: boolean;
  readonly winograd: boolean;
  readonly threads: number;
  /** Tiles computed side by side on the CPU. */
  readonly parallelRuns: number;
  readonly scale: number;
  readonly context: number;
  readonly consumed: number;
  readonly alignment: number;
  readonly addsNearest: boolean;
  readonly lanes: number;
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
  | { readonly type: "tile"; readonly id: number; readonly done: number; readonly total: number }
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
}

export interface NativeUpscaler {
  submit(job: NativeJob): void;
  cancel(id: number): void;
  close(): void;
  memoryBudgetMb(): number;
}

export interface NativeAddon {
  listDevices(): Promise<NativeDevice[]>;
  load(options: NativeLoadOptions, onEvent: (event: NativeEvent) => void): Promise<NativeUpscaler>;
  /** Ends the process without waiting for threads, unlike process.exit, which waits for the tile in progress. */
  exitNow(code: number): never;
}

/** @throws {FatalError} when the addon is not built or does not fit this Node.js */
export function loadNcnnAddon(): NativeAddon {
  // libgomp reads this when it is loaded: threads that wait actively would take the codecs' cores between two tiles.
  process.env.OMP_WAIT_POLICY ??= "passive";
  return loadNativeAddon("bdreader_ncnn") as NativeAddon;
}
