import { fromHalf, toHalf } from "./half.js";

export type WeightPrecision = "fp32" | "fp16" | "bf16" | "int8";

/** How the numbers of a block are stored. */
export interface WeightStorage {
  readonly precision: WeightPrecision;
  readonly bytes: 1 | 2 | 4;
  /** Bits that are all set in infinities and NaNs; 0 where every pattern is a number. */
  readonly exponent: number;
}

export const FP32: WeightStorage = { precision: "fp32", bytes: 4, exponent: 0x7f80_0000 };

export const INT8_TAG = 0x000d_4b38;

/** The words before tagged data, see ncnn's modelbin.cpp. */
export const STORAGES: ReadonlyMap<number, WeightStorage> = new Map([
  [0, FP32],
  [0x0002_c056, FP32],
  [0x0130_6b47, { precision: "fp16", bytes: 2, exponent: 0x7c00 }],
  [0x0134_8b83, { precision: "bf16", bytes: 2, exponent: 0x7f80 }],
  [INT8_TAG, { precision: "int8", bytes: 1, exponent: 0 }],
]);

/** The storages that weights can be written in. */
export type FloatStorage = "fp32" | "fp16";
const TAGS: Readonly<Record<FloatStorage, number>> = { fp32: 0, fp16: 0x0130_6b47 };

/** @returns the numbers; null for int8, which means nothing without its scales */
export function decodeNumbers(data: Uint8Array, precision: WeightPrecision): Float32Array | null {
  if (precision === "int8") return null;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const half = (at: number) => view.getUint16(2 * at, true);
  if (precision === "fp32")
    return Float32Array.from({ length: data.length / 4 }, (_, at) => view.getFloat32(4 * at, true));
  if (precision === "fp16")
    return Float32Array.from({ length: data.length / 2 }, (_, at) => fromHalf(half(at)));
  const whole = new DataView(new ArrayBuffer(4));
  return Float32Array.from({ length: data.length / 2 }, (_, at) => {
    // The upper half of a 32-bit float.
    whole.setUint32(0, half(at) * 2 ** 16);
    return whole.getFloat32(0);
  });
}

/** @returns bare numbers as biases and scales are stored */
export function encodeFloats(values: ArrayLike<number>): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  for (let at = 0; at < values.length; at++) view.setFloat32(4 * at, values[at] ?? Number.NaN, true);
  return new Uint8Array(view.buffer);
}

/**
 * @returns the tag, the numbers, and zeros up to a multiple of four bytes
 * @throws {RangeError} a number too large for the storage
 */
export function encodeTagged(values: ArrayLike<number>, storage: FloatStorage): Uint8Array {
  const numbers = storage === "fp32" ? encodeFloats(values) : encodeHalves(values);
  return withTag(TAGS[storage], numbers);
}

export function withTag(tag: number, numbers: Uint8Array): Uint8Array {
  const block = new Uint8Array(4 + Math.ceil(numbers.length / 4) * 4);
  new DataView(block.buffer).setUint32(0, tag, true);
  block.set(numbers, 4);
  return block;
}

function encodeHalves(values: ArrayLike<number>): Uint8Array {
  const view = new DataView(new ArrayBuffer(2 * values.length));
  for (let at = 0; at < values.length; at++) {
    const value = values[at] ?? Number.NaN;
    const half = toHalf(value);
    if (half === null) throw new RangeError(`expected numbers of at most 65504 for fp16, received ${value}`);
    view.setUint16(2 * at, half, true);
  }
  return new Uint8Array(view.buffer);
}
