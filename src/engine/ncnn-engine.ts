import { FatalError, UpscalerError } from "../errors.js";
import type { ResolvedModel } from "../models/catalogue.js";
import type { PixelBuffer } from "../stages/page.js";
import type { Arithmetic } from "./arithmetic.js";
import type { Engine, EngineDevice, UpscaledImage, UpscaleOptions } from "./engine.js";
import { CPU_IMAGES, GPU_LANES } from "./lanes.js";
import type {
  BlobStatistics,
  NativeAddon,
  NativeLoadOptions,
  NativeMemory,
  NativeObservation,
  NativeUpscaler,
} from "./native.js";
import { loadFailure } from "./native-failure.js";
import { NativeJobs } from "./native-jobs.js";
import type { SelectedDevice } from "./select-device.js";
import { cpuTile, gpuTile, SMALLEST_TILE } from "./tile-size.js";

export interface EngineOptions {
  /** Tile side in input pixels for images that name none; 0 lets the engine choose by memory. */
  readonly tileSize: number;
  readonly arithmetic: Arithmetic;
  /** CPU threads in all. */
  readonly threads: number;
  /** MiB of device memory that tensors may take, 0 for no limit but the device's. */
  readonly maxMemoryMb: number;
  /** Share of the time that the GPU may be kept busy, 0.1 to 1. */
  readonly duty: number;
  /** File for compiled shaders; empty for none. */
  readonly pipelineCachePath: string;
  /** For tests, see NativeLoadOptions. */
  readonly loseDeviceAfter?: number;
}

const CHANNELS = 3;

/** Up to this tile side a page has tiles enough to give every core one of its own. */
const LARGEST_PARALLEL_TILE = 384;

/** With a duty below 1 a GPU belongs to others for the rest of the time: no tile keeps it from them for long. */
const LARGEST_POLITE_TILE = 256;

/** Weights are stored once as they are, and once in the forms of the fast convolutions, the largest of which takes 4 times as much. */
const WEIGHT_COPIES = 5;

const MIB = 2 ** 20;

interface Lanes {
  /** Tiles computed side by side. */
  readonly lanes: number;
  /** CPU threads of each. */
  readonly threads: number;
  /** Images worked on at once. */
  readonly images: number;
}

/**
 * On the CPU tiles side by side, one thread each, use the cores better than all threads on one tile after the other:
 * nothing waits for the slowest thread at every layer. With few large tiles some cores would have none; networks that
 * average over the page are best given it whole.
 */
function spread(
  model: ResolvedModel,
  device: SelectedDevice,
  { threads, tileSize, duty }: EngineOptions,
): Lanes {
  if (device.backend === "vulkan") {
    const lanes = device.type === "software" || duty < 1 ? 1 : GPU_LANES;
    return { lanes, threads: 1, images: lanes };
  }
  const isSideBySide = tileSize <= LARGEST_PARALLEL_TILE && model.globalPools.length === 0;
  return isSideBySide ? { lanes: threads, threads: 1, images: CPU_IMAGES } : { lanes: 1, threads, images: 1 };
}

/** What was loaded where; the rest of the engine never changes it. */
interface Loaded {
  readonly native: NativeUpscaler;
  readonly jobs: NativeJobs;
  readonly model: ResolvedModel;
  readonly device: SelectedDevice;
  readonly options: EngineOptions;
  readonly lanes: Lanes;
}

/** Upscales by the native addon. One per model and device; use it from one JavaScript thread. */
export class NcnnEngine implements Engine {
  readonly #loaded: Loaded;

  private constructor(loaded: Loaded) {
    this.#loaded = loaded;
  }

  /**
   * Loads a model onto a device, on a thread of its own.
   *
   * @throws {FatalError} gpu_init_failed
   */
  static async load(
    addon: NativeAddon,
    model: ResolvedModel,
    device: SelectedDevice,
    options: EngineOptions,
  ): Promise<NcnnEngine> {
    expectKnownLayers(addon, model);
    const lanes = spread(model, device, options);
    const jobs = new NativeJobs();
    try {
      const native = await addon.load(nativeOptions(model, device, options, lanes), (event) =>
        jobs.handle(event),
      );
      return new NcnnEngine({ native, jobs, model, device, options, lanes });
    } catch (thrown) {
      throw loadFailure(thrown, model.name, device.name);
    }
  }

  get device(): EngineDevice {
    return this.#loaded.device;
  }

  get model(): string {
    return this.#loaded.model.name;
  }

  get modelSha256(): string {
    return this.#loaded.model.sha256;
  }

  get scale(): number {
    return this.#loaded.model.scale;
  }

  get noise(): number | null {
    return this.#loaded.model.noise;
  }

  get precision(): Engine["precision"] {
    if (this.#loaded.model.int8Layers > 0) return "int8";
    return this.#loaded.options.arithmetic.fp16Storage ? "fp16" : "fp32";
  }

  get lanes(): number {
    return this.#loaded.lanes.images;
  }

  memory(): NativeMemory {
    return this.#loaded.native.memory();
  }

  /** For benchmarks, see NativeUpscaler. */
  timeNetwork(width: number, height: number, runs: number): Promise<number[]> {
    return this.#loaded.native.timeNetwork(width, height, runs);
  }

  /** For calibration, see NativeUpscaler. */
  observeBlobs(observation: NativeObservation): Promise<BlobStatistics[]> {
    return this.#loaded.native.observeBlobs(observation);
  }

  async upscale(image: PixelBuffer, options: UpscaleOptions): Promise<UpscaledImage> {
    options.signal.throwIfAborted();
    const { native, jobs } = this.#loaded;
    if (image.channels !== CHANNELS) {
      throw new UpscalerError("internal", `expected an image of 3 channels, received ${image.channels}`);
    }
    const output = this.#createOutput(image);
    const longest = Math.max(image.width, image.height);
    const wanted = Math.min(
      (options.tile ?? this.#loaded.options.tileSize) || this.#automaticTile(image),
      longest,
    );
    const asked = Math.max(wanted, SMALLEST_TILE);
    const tile = await jobs
      .run(native, { image, output, tile: asked, options })
      .catch(async (reason: unknown) => {
        await options.rowReader?.letGo();
        output.release?.();
        throw reason;
      });
    const warnings = tile < wanted ? [`tile_reduced: memory ran out, tile ${tile} instead of ${wanted}`] : [];
    return { image: output, tile: Math.min(tile, longest), warnings };
  }

  /** On a GPU memory that it writes itself; else the pixels would be copied once more, which takes as long as all else. */
  #createOutput(image: PixelBuffer): PixelBuffer {
    const { native, model } = this.#loaded;
    const size = { width: image.width * model.scale, height: image.height * model.scale };
    const bytes = size.width * size.height * CHANNELS;
    const pinned = native.createOutput(bytes);
    if (pinned) {
      return { ...size, data: pinned, channels: CHANNELS, release: () => native.releaseOutput(pinned) };
    }
    // Not from Buffer's shared pool: the codecs may hand the whole ArrayBuffer on.
    return { ...size, data: new Uint8Array(bytes), channels: CHANNELS };
  }

  close(): Promise<void> {
    return this.#loaded.jobs.close(this.#loaded.native);
  }

  #automaticTile(image: PixelBuffer): number {
    const { native, model, device, options, lanes } = this.#loaded;
    if (device.backend === "cpu") {
      const freeMb = process.availableMemory() / MIB;
      const { winograd, directConvolution } = options.arithmetic;
      return cpuTile(image, model, { freeMb, winograd, directConvolution, lanes: lanes.lanes });
    }
    const tile = gpuTile(image, model, options.arithmetic, {
      now: native.memory(),
      maxMemoryMb: options.maxMemoryMb,
      weightsMb: Math.ceil((model.files.bin.bytes * WEIGHT_COPIES) / MIB),
      lanes: lanes.lanes,
    });
    return options.duty < 1 ? Math.min(tile, LARGEST_POLITE_TILE) : tile;
  }
}

function expectKnownLayers(addon: NativeAddon, model: ResolvedModel): void {
  const unknown = addon.unknownLayers(model.layerTypes);
  if (unknown.length === 0) return;
  throw new FatalError(
    "gpu_init_failed",
    `cannot load model ${model.name}: it needs the operators ${unknown.join(", ")}, which this build of ncnn lacks`,
  );
}

function nativeOptions(
  model: ResolvedModel,
  device: SelectedDevice,
  options: EngineOptions,
  { lanes, threads }: Lanes,
): NativeLoadOptions {
  const { paramPath, binPath, inputBlob, outputBlob, scale, alignment, edges, globalPools } = model;
  const { arithmetic, maxMemoryMb, duty, pipelineCachePath, loseDeviceAfter = 0 } = options;
  return {
    ...{ paramPath, binPath, inputBlob, outputBlob, scale, alignment, edges, globalPools },
    ...arithmetic,
    deviceIndex: device.index,
    context: model.overlap,
    consumed: model.padding.pixels,
    addsNearest: model.residual === "nearest",
    ...{ lanes, threads, maxMemoryMb, duty, pipelineCachePath, loseDeviceAfter },
  };
}
