import type { PixelBuffer } from "../stages/page.js";

/** An interpolation that enlarges without a network: what a network is measured against. */
export interface Kernel {
  /** Input pixels to each side that an output pixel reads. */
  readonly radius: number;
  /** @param distance in input pixels */
  weight(distance: number): number;
}

/** Keys, "Cubic Convolution Interpolation for Digital Image Processing" (1981), a = -0.5. */
export const CATMULL_ROM: Kernel = {
  radius: 2,
  weight: (distance) => {
    const d = Math.abs(distance);
    if (d < 1) return (1.5 * d - 2.5) * d * d + 1;
    return d < 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0;
  },
};

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** Duchon, "Lanczos Filtering in One and Two Dimensions" (1979), three lobes. */
export const LANCZOS3: Kernel = {
  radius: 3,
  weight: (distance) => (Math.abs(distance) < 3 ? sinc(distance) * sinc(distance / 3) : 0),
};

/** What one output position reads along an axis. */
interface Tap {
  readonly first: number;
  /** Of `first` and those after it; together 1. */
  readonly weights: readonly number[];
}

/** At the image's edges the taps that are left are scaled up. */
function tapsOf(length: number, scale: number, { radius, weight }: Kernel): readonly Tap[] {
  return Array.from({ length: length * scale }, (_, position) => {
    const centre = (position + 0.5) / scale - 0.5;
    const first = Math.max(0, Math.ceil(centre - radius));
    const last = Math.min(length - 1, Math.floor(centre + radius));
    const weights = Array.from({ length: last - first + 1 }, (_, i) => weight(first + i - centre));
    const sum = weights.reduce((total, value) => total + value, 0);
    return { first, weights: weights.map((value) => value / sum) };
  });
}

/**
 * Enlarges by a whole number, first along the rows, then along the columns, in floats; rounded and clamped at the end.
 * sharp cannot serve here: when it enlarges, its Lanczos kernels give the cubic one's result.
 */
export function enlarge(image: PixelBuffer, scale: number, kernel: Kernel): PixelBuffer {
  const { width, height, channels } = image;
  const [across, down] = [tapsOf(width, scale, kernel), tapsOf(height, scale, kernel)];
  const rowLength = across.length * channels;
  const wide = new Float32Array(height * rowLength);
  for (let y = 0; y < height; y++) {
    for (const [x, { first, weights }] of across.entries()) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let i = 0; i < weights.length; i++) {
          sum += (weights[i] as number) * (image.data[(y * width + first + i) * channels + c] as number);
        }
        wide[y * rowLength + x * channels + c] = sum;
      }
    }
  }
  const data = new Uint8ClampedArray(down.length * rowLength);
  for (const [y, { first, weights }] of down.entries()) {
    for (let x = 0; x < rowLength; x++) {
      let sum = 0;
      for (let i = 0; i < weights.length; i++) {
        sum += (weights[i] as number) * (wide[(first + i) * rowLength + x] as number);
      }
      data[y * rowLength + x] = sum;
    }
  }
  return { data: new Uint8Array(data.buffer), width: across.length, height: down.length, channels };
}
