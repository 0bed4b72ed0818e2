import { setTimeout as delay } from "node:timers/promises";
import type { Engine, UpscaledImage, UpscaleOptions } from "../engine/engine.js";
import type { PixelBuffer } from "../stages/page.js";
import { imageOf } from "../stages/planes.js";

export interface NearestEngineOptions {
  /** Side of a tile in input pixels where a request names none. */
  readonly tileSize: number;
  /** Time that every tile takes, in milliseconds, beside the little that the pixels need. */
  readonly tileMs: number;
}

/**
 * Repeats every pixel twice in each direction, with the tiles, progress and aborts of a real engine. For tests only: it
 * needs no addon and no model, and starts at once.
 */
export class NearestEngine implements Engine {
  readonly device = {
    index: -1,
    name: "nearest neighbour, for tests only",
    backend: "cpu",
    memoryMb: 0,
  } as const;
  readonly model = "nearest-for-tests";
  readonly modelSha256 = "0".repeat(64);
  readonly scale = 2;
  readonly noise = null;
  readonly precision = "fp32";
  readonly lanes = 1;
  readonly #options: NearestEngineOptions;

  constructor(options: NearestEngineOptions) {
    this.#options = options;
  }

  async upscale(image: PixelBuffer, { tile, signal, onTile }: UpscaleOptions): Promise<UpscaledImage> {
    const side = tile || this.#options.tileSize;
    const total = Math.ceil(image.width / side) * Math.ceil(image.height / side);
    for (let done = 1; done <= total; done++) {
      signal.throwIfAborted();
      if (this.#options.tileMs > 0) await delay(this.#options.tileMs);
      onTile?.(done, total);
    }
    signal.throwIfAborted();
    const [width, height] = [image.width * this.scale, image.height * this.scale];
    const data = await imageOf(image)
      .resize(width, height, { kernel: "nearest", fit: "fill" })
      .raw()
      .toBuffer();
    return { image: { data, width, height, channels: image.channels }, tile: side, warnings: [] };
  }

  async close(): Promise<void> {}
}
