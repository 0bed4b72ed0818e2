import { type Fraction, fraction } from "./fraction.js";

/** Inclusive range of integer positions along one axis of a blob. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/**
 * How one layer relates its output to its input along one axis. Positions count from the blob's own first element;
 * positions outside the blob stand for what padding supplies, so a map does not depend on where an image ends.
 */
export interface AxisMap {
  /** @returns output length for an input length; below 1 when the input is too short */
  outputSize(inputSize: number): number;
  /** @returns the smallest input interval that holds everything the output interval is computed from */
  needs(output: Interval): Interval;
  /** Distance between neighbouring outputs, in input elements. */
  readonly step: Fraction;
  /** Centre of output 0 in input positions. */
  readonly origin: Fraction;
}

export const IDENTITY: AxisMap = {
  outputSize: (size) => size,
  needs: (output) => output,
  step: fraction(1),
  origin: fraction(0),
};

/** A sliding window: convolution, pooling. `extent` is the window's length with its dilation. */
export interface WindowShape {
  readonly extent: number;
  readonly stride: number;
  readonly padBefore: number;
  readonly padAfter: number;
}

export function windowMap({ extent, stride, padBefore, padAfter }: WindowShape): AxisMap {
  return {
    outputSize: (size) => Math.floor((size + padBefore + padAfter - extent) / stride) + 1,
    needs: ({ from, to }) => ({ from: from * stride - padBefore, to: to * stride - padBefore + extent - 1 }),
    step: fraction(stride),
    origin: fraction(extent - 1 - 2 * padBefore, 2),
  };
}

/** A transposed convolution; its padding cuts the output, `outputPad` lengthens it at the end. */
export function transposedMap(shape: WindowShape & { readonly outputPad: number }): AxisMap {
  const { extent, stride, padBefore, padAfter, outputPad } = shape;
  return {
    outputSize: (size) => (size - 1) * stride + extent + outputPad - padBefore - padAfter,
    // Output i receives from input j when i + padBefore - j * stride lies within the window.
    needs: ({ from, to }) => ({
      from: Math.ceil((from + padBefore - (extent - 1)) / stride),
      to: Math.floor((to + padBefore) / stride),
    }),
    step: fraction(1, stride),
    origin: fraction(2 * padBefore - (extent - 1), 2 * stride),
  };
}

/** Cuts (or, when negative, adds) elements at both ends. `fixedSize` overrides the length that is left. */
export function cutMap(before: number, after: number, fixedSize: number | null = null): AxisMap {
  return {
    outputSize: (size) => fixedSize ?? size - before - after,
    needs: ({ from, to }) => ({ from: from + before, to: to + before }),
    step: fraction(1),
    origin: fraction(before),
  };
}

/** How many neighbours an interpolation reads: itself, two, or four. */
export type Interpolation = "nearest" | "linear" | "cubic";

/** Resizing by `scale`: output x samples input (x + 0.5) / scale - 0.5; nearest takes floor(x / scale). */
export function resizeMap(scale: Fraction, interpolation: Interpolation): AxisMap {
  const { n, d } = scale;
  return {
    outputSize: (size) => Math.floor((size * n) / d),
    needs: ({ from, to }) => {
      // Phases repeat every n outputs; the lowest and the highest element are read within one period of the ends.
      const head = Math.min(to, from + n - 1);
      const tail = Math.max(from, to - n + 1);
      const range = (first: number, last: number): Interval[] =>
        Array.from({ length: last - first + 1 }, (_, index) => sampled(first + index, scale, interpolation));
      return {
        from: Math.min(...range(from, head).map((interval) => interval.from)),
        to: Math.max(...range(tail, to).map((interval) => interval.to)),
      };
    },
    step: fraction(d, n),
    origin: fraction(d - n, 2 * n),
  };
}

/** The input elements that output `x` of a resize has weights other than 0 for. */
function sampled(x: number, { n, d }: Fraction, interpolation: Interpolation): Interval {
  if (interpolation === "nearest") {
    const taken = Math.floor((x * d) / n);
    return { from: taken, to: taken };
  }
  // (x + 0.5) * d / n - 0.5 over the common denominator 2n, so that the floor is exact.
  const position = ((2 * x + 1) * d - n) / (2 * n);
  const below = Math.floor(position);
  if (below === position) return { from: below, to: below };
  return interpolation === "cubic" ? { from: below - 1, to: below + 2 } : { from: below, to: below + 1 };
}
