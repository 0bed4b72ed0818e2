import type { PixelBuffer } from "../stages/page.js";

/** What the engine runs on. */
export interface EngineDevice {
  /** Vulkan index, or -1 for the CPU. */
  readonly index: number;
  readonly name: string;
  readonly backend: "vulkan" | "cpu";
  readonly memoryMb: number;
}

/** Reads a result from its top while the rest of it is being made. */
export interface RowReader {
  /**
   * @param image the result; another one than before when the work had to begin anew, whose rows may differ by rounding
   * @param rows of it, from its top, that can be read; never fewer than before for the same image
   */
  onRows(image: PixelBuffer, rows: number): void;
  /**
   * The image will not be finished: none of its rows may be taken from now on.
   *
   * @returns a promise that settles once nobody reads it any more; its memory is given back after that
   */
  letGo(): Promise<void>;
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
  /** Gets the rows as they are made, tile by tile. */
  readonly rowReader?: RowReader;
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
  /** "int8": the model has int8 layers; what is left is computed in fp32 or fp16. */
  readonly precision: "fp32" | "fp16" | "int8";
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
