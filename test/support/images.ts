import type { PixelBuffer } from "../../src/stages/page.js";

/** Deterministic pseudo-random numbers in [0, 1): mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An RGB image from a function of its pixels. */
export function paint(
  width: number,
  height: number,
  colour: (x: number, y: number) => readonly [number, number, number],
): PixelBuffer {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.set(colour(x, y), (y * width + x) * 3);
  }
  return { data, width, height, channels: 3 };
}

/**
 * What shows seams first: screentone dots at an angle over a gradient, with hairlines and a little noise, so that every
 * pixel differs from its neighbours.
 */
export function paintScreentone(width: number, height: number, seed = 1): PixelBuffer {
  const random = seededRandom(seed);
  return paint(width, height, (x, y) => {
    const across = Math.cos(0.6) * x + Math.sin(0.6) * y;
    const along = Math.cos(0.6) * y - Math.sin(0.6) * x;
    const dot = Math.cos((across * 2 * Math.PI) / 5.3) + Math.cos((along * 2 * Math.PI) / 5.3);
    const paper = 160 + (90 * x) / width;
    const ink = dot > 0.4 + y / height ? 40 : paper;
    const line = (x * 3 + y) % 41 < 2 ? 0 : ink;
    const noise = Math.floor(random() * 6);
    return [line + noise, line, Math.max(0, line - noise)].map((v) => Math.min(255, Math.round(v))) as [
      number,
      number,
      number,
    ];
  });
}

export interface Difference {
  /** Values that differ at all. */
  readonly count: number;
  /** Largest difference, in 8-bit levels. */
  readonly largest: number;
  /** Share of all values that differ. */
  readonly share: number;
  /** Peak signal-to-noise ratio in dB over all values; infinite when none differs. */
  readonly psnr: number;
}

export function compare(a: Uint8Array, b: Uint8Array): Difference {
  if (a.length !== b.length) throw new Error(`expected ${a.length} values, received ${b.length}`);
  let [count, largest, squares] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs((a[i] ?? 0) - (b[i] ?? 0));
    if (difference > 0) count++;
    largest = Math.max(largest, difference);
    squares += difference ** 2;
  }
  return { count, largest, share: count / a.length, psnr: 10 * Math.log10(255 ** 2 / (squares / a.length)) };
}
