import type { PixelBuffer } from "../stages/page.js";

/** What the engine runs on. */
export interface EngineDevice {
  /** Vulkan index, or -1 for the CPU. */
  readonly index: number;
  readonly name: string;
  readonly backend: "vulkan" | "cpu";
  readonly memoryMb: number;
}

/** How one image is to be upscaled. */
export interface UpscaleOptions {
  /** Side of a tile in input pixels, 0 or at least 32; 0 lets the engine choose, null takes its setting. */
  readonly tile: number | null;
  /** Aborting stops the work at the next tile; its reason becomes the rejection. */
  readonly signal: AbortSignal;
  /** Larger goes first, tile by tile; may change while the work goes on. */
  readonly urgency?: { readonly priority: number };
  onTile?(done: number, total: number): void;
}

/** An upscaled image with how it was made. */
export interface UpscaledImage {
  readonly image: PixelBuffer;
  /** Tile side in input pixels that was used. */
  readonly tile: number;
  readonly warnings: readonly string[];
}

/** A model loaded on a device. */
export interface Engine {
  readonly device: EngineDevice;
  readonly model: string;
  readonly modelSha256: string;
  readonly scale: number;
  /** Strength of the noise removal, -1 for none; null for a model without levels. */
  readonly noise: number | null;
  readonly precision: "fp32" | "fp16";
  /** How many images it works on side by side. */
  readonly lanes: number;
  /**
   * @param image 8-bit RGB (3 channels); not written to, and not to be written to until the promise settles
   * @throws {UpscalerError} cancelled / the signal's reason, out_of_memory, gpu_lost, internal
   */
  upscale(image: PixelBuffer, options: UpscaleOptions): Promise<UpscaledImage>;
  /** Ends running work at the next tile, frees the device; may be called again. */
  close(): Promise<void>;
}
