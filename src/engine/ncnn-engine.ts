import { UpscalerError } from "../errors.js";
import type { ResolvedModel } from "../models/catalogue.js";
import type { PixelBuffer } from "../stages/page.js";
import type { Engine, EngineDevice, UpscaledImage, UpscaleOptions } from "./engine.js";
import type { NativeAddon, NativeLoadOptions, NativeUpscaler } from "./native.js";
import { loadFailure } from "./native-failure.js";
import { NativeJobs } from "./native-jobs.js";
import type { SelectedDevice } from "./select-device.js";
import { automaticTile } from "./tile-size.js";

export interface EngineOptions {
  /** Tile side in input pixels for images that name none; 0 lets the engine choose by memory. */
  readonly tileSize: number;
  readonly precision: "auto" | "fp32" | "fp16";
  /** CPU threads of one image. */
  readonly threads: number;
  /** Faster 3x3 convolutions, which round a little differently from tile to tile. */
  readonly winograd: boolean;
}

/** On a GPU one lane uploads and downloads while the other computes. Elsewhere one image already uses every core. */
const GPU_LANES = 2;

const CHANNELS = 3;

/** Up to this tile side a page has tiles enough to give every core one of its own. */
const LARGEST_PARALLEL_TILE = 384;

/**
 * Tiles side by side, one thread each, use the cores better than all threads on one tile after the other: nothing waits
 * for the slowest thread at every layer. With few large tiles some cores would have none. On a GPU the threads only
 * convert pixels.
 */
function splitThreads({ backend }: EngineDevice, { threads, tileSize }: EngineOptions) {
  const isSideBySide = backend === "cpu" && tileSize <= LARGEST_PARALLEL_TILE;
  return isSideBySide ? { threads: 1, parallelRuns: threads } : { threads, parallelRuns: 1 };
}

/** What was loaded where; the rest of the engine never changes it. */
interface Loaded {
  readonly native: NativeUpscaler;
  readonly jobs: NativeJobs;
  readonly model: ResolvedModel;
  readonly device: EngineDevice;
  readonly precision: "fp32" | "fp16";
  readonly lanes: number;
  readonly tileSize: number;
}

/** Upscales by the native addon. One per model and device; use it from one JavaScript thread. */
export class NcnnEngine implements Engine {
  readonly #loaded: Loaded;
  readonly #automaticTile: number;

  private constructor(loaded: Loaded) {
    this.#loaded = loaded;
    const { native, lanes, model } = loaded;
    const memoryBudgetMb = native.memoryBudgetMb();
    this.#automaticTile = automaticTile({ memoryBudgetMb, lanes, overlap: model.overlap });
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
    const fp16 = device.backend === "vulkan" && device.fp16Storage && options.precision !== "fp32";
    const lanes = device.type === "cpu" || device.type === "software" ? 1 : GPU_LANES;
    const nativeOptions: NativeLoadOptions = {
      paramPath: model.paramPath,
      binPath: model.binPath,
      inputBlob: model.inputBlob,
      outputBlob: model.outputBlob,
      deviceIndex: device.index,
      fp16,
      winograd: options.winograd,
      ...splitThreads(device, options),
      scale: model.scale,
      context: model.overlap,
      consumed: model.padding.pixels,
      alignment: model.alignment,
      addsNearest: model.residual === "nearest",
      lanes,
    };
    const jobs = new NativeJobs();
    try {
      const native = await addon.load(nativeOptions, (event) => jobs.handle(event));
      const { tileSize } = options;
      return new NcnnEngine({
        native,
        jobs,
        model,
        device,
        precision: fp16 ? "fp16" : "fp32",
        lanes,
        tileSize,
      });
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

  get precision(): "fp32" | "fp16" {
    return this.#loaded.precision;
  }

  get lanes(): number {
    return this.#loaded.lanes;
  }

  async upscale(image: PixelBuffer, options: UpscaleOptions): Promise<UpscaledImage> {
    options.signal.throwIfAborted();
    const { native, jobs } = this.#loaded;
    if (image.channels !== CHANNELS) {
      throw new UpscalerError("internal", `expected an image of 3 channels, received ${image.channels}`);
    }
    const output: PixelBuffer = {
      // Not from Buffer's shared pool: the codecs may hand the whole ArrayBuffer on.
      data: new Uint8Array(image.data.length * this.scale ** 2),
      width: image.width * this.scale,
      height: image.height * this.scale,
      channels: CHANNELS,
    };
    const wanted = (options.tile ?? this.#loaded.tileSize) || this.#automaticTile;
    const tile = await jobs.run(native, { image, output, tile: wanted, options });
    const warnings = tile < wanted ? [`tile_reduced: memory ran out, tile ${tile} instead of ${wanted}`] : [];
    const longest = Math.max(image.width, image.height);
    if (this.#loaded.model.globalContext && tile < longest) {
      warnings.push("tiled_global_context: this network looks at the whole page, tiles may differ in tone");
    }
    return { image: output, tile: Math.min(tile, longest), warnings };
  }

  close(): Promise<void> {
    return this.#loaded.jobs.close(this.#loaded.native);
  }
}
