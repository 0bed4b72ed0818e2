import type { Engine, UpscaledImage, UpscaleOptions } from "../../src/engine/engine.js";
import type { PixelBuffer } from "../../src/stages/page.js";

/** Repeats pixels; for tests only. Remembers what it was given. */
export class NaiveNearestEngine implements Engine {
  readonly device = { index: -1, name: "naive", backend: "cpu", memoryMb: 0 } as const;
  readonly model = "nearest";
  readonly modelSha256 = "0".repeat(64);
  readonly precision = "fp32";
  readonly lanes = 1;
  readonly received: PixelBuffer[] = [];
  readonly options: UpscaleOptions[] = [];
  readonly scale: number;
  readonly noise: number | null = null;

  constructor(scale = 2) {
    this.scale = scale;
  }

  async upscale(image: PixelBuffer, options: UpscaleOptions): Promise<UpscaledImage> {
    options.signal.throwIfAborted();
    this.received.push(image);
    this.options.push(options);
    options.onTile?.(1, 2);
    options.onTile?.(2, 2);
    return { image: repeated(image, this.scale), tile: 64, warnings: ["tile was made smaller"] };
  }

  async close(): Promise<void> {}
}

function repeated({ data, width, height, channels }: PixelBuffer, scale: number): PixelBuffer {
  const output = new Uint8Array(data.length * scale * scale);
  for (let y = 0; y < height * scale; y++) {
    for (let x = 0; x < width * scale; x++) {
      const from = (Math.floor(y / scale) * width + Math.floor(x / scale)) * channels;
      output.set(data.subarray(from, from + channels), (y * width * scale + x) * channels);
    }
  }
  return { data: output, width: width * scale, height: height * scale, channels };
}
