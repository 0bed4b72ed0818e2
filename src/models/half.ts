/** Everything below rounds to a finite half: 65504 and half of the step to what would come next. */
const OVERFLOW = 65_520;
const LEAST_NORMAL = 2 ** -14;
const SUBNORMAL_STEP = 2 ** -24;
const MANTISSA = 1024;
const BIAS = 15;

function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/**
 * Rounds to the nearest IEEE 754 half, to the even one of two.
 *
 * @param value finite
 * @returns its 16 bits; null when it is too large for a half
 */
export function toHalf(value: number): number | null {
  const size = Math.abs(value);
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  if (!(size < OVERFLOW)) return null;
  if (size < LEAST_NORMAL) return sign | roundHalfToEven(size / SUBNORMAL_STEP);
  let exponent = Math.floor(Math.log2(size));
  // The logarithm may be rounded up to the next whole number.
  if (2 ** exponent > size) exponent--;
  const mantissa = roundHalfToEven((size / 2 ** exponent) * MANTISSA);
  // A mantissa that was rounded up to 2048 carries into the exponent.
  return sign | ((exponent + BIAS - 1) * MANTISSA + mantissa);
}

/** @param bits of a finite half */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 0) return sign * mantissa * SUBNORMAL_STEP;
  return sign * (MANTISSA + mantissa) * 2 ** (exponent - BIAS - 10);
}
