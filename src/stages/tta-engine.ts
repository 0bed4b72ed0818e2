import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { Engine, UpscaledImage, UpscaleOptions } from "../engine/engine.js";
import type { PixelBuffer } from "./page.js";
import { imageOf } from "./planes.js";

/** A quarter turn or none, after mirroring or not. */
interface View {
  readonly mirrored: boolean;
  /** Clockwise, in degrees. */
  readonly turn: 0 | 90 | 180 | 270;
}

/** The symmetries of a square: every way in which a network that prefers a direction can be shown the same image. */
const VIEWS: readonly View[] = [false, true].flatMap((mirrored) =>
  ([0, 90, 180, 270] as const).map((turn) => ({ mirrored, turn })),
);

/** Values that are added before the event loop gets its turn: about 2 ms. */
const VALUES_PER_TURN = 1 << 20;

const RGB = 3;
const SUM_BYTES = 2;

/**
 * @param pixels of the image that is upscaled
 * @returns bytes that a page takes beside what it takes without this: sums, a turned input and a turned output
 */
export function ttaMemory(pixels: number, scale: number): number {
  return pixels * RGB + pixels * scale * scale * RGB * (SUM_BYTES + 2);
}

async function turned(image: PixelBuffer, { mirrored, turn }: View): Promise<PixelBuffer> {
  const { width, height, channels } = image;
  // Two steps, since sharp has an order of its own for what is asked for at once.
  const facing = mirrored ? await imageOf(image).flop().raw().toBuffer() : image.data;
  if (turn === 0) return { data: facing, width, height, channels };
  const data = await imageOf({ ...image, data: facing })
    .rotate(turn)
    .raw()
    .toBuffer();
  const isOnSide = turn === 90 || turn === 270;
  return { data, channels, width: isOnSide ? height : width, height: isOnSide ? width : height };
}

/** Undoes `turned`. */
async function turnedBack(image: PixelBuffer, { mirrored, turn }: View): Promise<PixelBuffer> {
  const upright = await turned(image, { mirrored: false, turn: ((360 - turn) % 360) as View["turn"] });
  return turned(upright, { mirrored, turn: 0 });
}

async function inTurns(values: number, work: (from: number, to: number) => void): Promise<void> {
  for (let from = 0; from < values; from += VALUES_PER_TURN) {
    if (from > 0) await setImmediate();
    work(from, Math.min(from + VALUES_PER_TURN, values));
  }
}

/**
 * Upscales each image in all eight orientations and averages the results (Timofte, Rothe and Van Gool: Seven ways to
 * improve example-based single image super resolution, 2016). Takes eight times as long. The mean of eight results in
 * 8 bits is rounded once more: within one level of the mean of unrounded ones.
 */
export class TtaEngine implements Engine {
  readonly #engine: Engine;
  /** Results differ from those of the model alone. */
  readonly modelSha256: string;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.modelSha256 = createHash("sha256")
      .update(`${engine.modelSha256} in eight orientations`)
      .digest("hex");
  }

  get device(): Engine["device"] {
    return this.#engine.device;
  }

  get model(): string {
    return this.#engine.model;
  }

  get scale(): number {
    return this.#engine.scale;
  }

  get noise(): number | null {
    return this.#engine.noise;
  }

  get precision(): Engine["precision"] {
    return this.#engine.precision;
  }

  get lanes(): number {
    return this.#engine.lanes;
  }

  /** A reader of rows gets none: no row is final before the last orientation is. */
  async upscale(image: PixelBuffer, options: UpscaleOptions): Promise<UpscaledImage> {
    const [width, height] = [image.width * this.scale, image.height * this.scale];
    const sums = new Uint16Array(width * height * RGB);
    let tile = 0;
    const warnings = new Set<string>();
    for (const [index, view] of VIEWS.entries()) {
      const made = await this.#engine.upscale(await turned(image, view), {
        tile: options.tile,
        signal: options.signal,
        ...(options.urgency && { urgency: options.urgency }),
        onTile: (done, total) => options.onTile?.(index * total + done, VIEWS.length * total),
      });
      try {
        const { data } = await turnedBack(made.image, view);
        await inTurns(sums.length, (from, to) => {
          for (let at = from; at < to; at++) sums[at] = (sums[at] ?? 0) + (data[at] ?? 0);
        });
      } finally {
        made.image.release?.();
      }
      tile = index === 0 ? made.tile : Math.min(tile, made.tile);
      for (const warning of made.warnings) warnings.add(warning);
    }
    const data = new Uint8Array(sums.length);
    await inTurns(sums.length, (from, to) => {
      for (let at = from; at < to; at++) data[at] = ((sums[at] ?? 0) + VIEWS.length / 2) >> 3;
    });
    return { image: { data, width, height, channels: RGB }, tile, warnings: [...warnings] };
  }

  close(): Promise<void> {
    return this.#engine.close();
  }
}
