import type { Engine, UpscaledImage, UpscaleOptions } from "../engine/engine.js";
import { UpscalerError } from "../errors.js";
import type { Enlargement } from "../models/scales.js";
import type { PixelBuffer } from "./page.js";

/**
 * Runs the network over an image as often as its scale takes; a second pass reads the 8-bit pixels that the first one
 * gave. What an image holds between two passes is its own: it waits for the engine's turn and for nothing that another
 * image holds, so any number of them get through one lane.
 *
 * @param options `onTile` gets a share of both passes, in tiles of the first; `rowReader` the rows of the last
 * @returns the result in its scale before any shrinking, with the tile of the pass that made it
 * @throws {UpscalerError} the signal's reason, out_of_memory, gpu_lost, internal; nothing is held any more then
 */
export async function runPasses(
  engine: Engine,
  image: PixelBuffer,
  { between }: Enlargement,
  options: UpscaleOptions,
): Promise<UpscaledImage> {
  if (between === null) return runPass(engine, image, options);
  const { rowReader: _, ...untilLast } = options;
  const progress = new TwoPassProgress(between ** 2, options.onTile);
  const first = await runPass(engine, image, {
    ...untilLast,
    onTile: (done, total) => progress.first(done, total),
  });
  try {
    options.signal.throwIfAborted();
    const onTile: UpscaleOptions["onTile"] = (done, total) => progress.second(done, total);
    const second = await runPass(engine, first.image, { ...options, onTile });
    return { ...second, warnings: [...new Set([...first.warnings, ...second.warnings])] };
  } finally {
    first.image.release?.();
  }
}

/** Counts two passes as one, each by its pixels: the total must not change when the second one's tiles are known. */
class TwoPassProgress {
  /** How many times as many pixels the second pass has. */
  readonly #ratio: number;
  readonly #onTile: UpscaleOptions["onTile"];
  #firstTiles = 1;

  constructor(ratio: number, onTile: UpscaleOptions["onTile"]) {
    this.#ratio = ratio;
    this.#onTile = onTile;
  }

  first(done: number, total: number): void {
    this.#firstTiles = total;
    this.#onTile?.(done, total * (1 + this.#ratio));
  }

  second(done: number, total: number): void {
    const part = Math.floor((this.#firstTiles * this.#ratio * done) / total);
    this.#onTile?.(this.#firstTiles + part, this.#firstTiles * (1 + this.#ratio));
  }
}

async function runPass(engine: Engine, image: PixelBuffer, options: UpscaleOptions): Promise<UpscaledImage> {
  const upscaled = await engine.upscale(image, options);
  try {
    expectScaled(image, upscaled.image, engine.scale);
  } catch (thrown) {
    upscaled.image.release?.();
    throw thrown;
  }
  return upscaled;
}

/** An engine that answers with another size would shear every later row; better a typed error than such a picture. */
function expectScaled(input: PixelBuffer, output: PixelBuffer, scale: number): void {
  const expected = { width: input.width * scale, height: input.height * scale };
  const bytes = expected.width * expected.height * 3;
  if (output.width !== expected.width || output.height !== expected.height || output.data.length !== bytes) {
    throw new UpscalerError(
      "internal",
      `expected the engine to give ${expected.width} x ${expected.height} pixels in ${bytes} bytes, received ${output.width} x ${output.height} in ${output.data.length}`,
    );
  }
}
