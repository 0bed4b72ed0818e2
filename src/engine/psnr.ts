const PEAK = 255;

/**
 * Peak signal-to-noise ratio over all 8-bit values, 10 * log10(255^2 / mean squared difference).
 *
 * @returns dB; Infinity when nothing differs
 * @throws {RangeError} two lengths, or nothing to compare
 */
export function psnrDb(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length || a.length === 0) {
    throw new RangeError(`expected two images of one size, received ${a.length} and ${b.length} values`);
  }
  let squares = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    squares += difference * difference;
  }
  return squares === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10((PEAK * PEAK * a.length) / squares);
}
