import { sniffFormat } from "../stages/sniff-format.js";

/** Weight of the newest page in the mean. */
const NEWEST = 0.1;

/**
 * Guesses how many pixels an encoded image has from its bytes and from what earlier images of its format had. Images are
 * not opened here: one that a decoder does not survive must end a worker, not the process that looks after the workers.
 */
export class PixelEstimate {
  readonly #pixelsPerByte = new Map<string | null, number>();

  /** @returns pixels, above 0; all formats are taken for equal until one is known */
  estimate(data: Uint8Array): number {
    return Math.max(1, data.byteLength * (this.#pixelsPerByte.get(sniffFormat(data)) ?? this.#mean()));
  }

  learn(data: Uint8Array, pixels: number): void {
    const format = sniffFormat(data);
    const ratio = pixels / data.byteLength;
    const known = this.#pixelsPerByte.get(format) ?? ratio;
    this.#pixelsPerByte.set(format, known + (ratio - known) * NEWEST);
  }

  #mean(): number {
    const ratios = [...this.#pixelsPerByte.values()];
    return ratios.length === 0 ? 1 : ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  }
}
