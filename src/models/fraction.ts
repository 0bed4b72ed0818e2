import { ModelError } from "./model-error.js";

/** An exact rational number in lowest terms; `d` is positive. */
export interface Fraction {
  readonly n: number;
  readonly d: number;
}

/** Far above what any network needs, far below where integers stop being exact in products. */
const LIMIT = 2 ** 24;

/** @throws {ModelError} numerator or denominator leaves the range in which arithmetic is exact */
export function fraction(n: number, d = 1): Fraction {
  const divisor = greatestCommonDivisor(Math.abs(n), Math.abs(d)) * Math.sign(d);
  const reduced = { n: n / divisor, d: d / divisor };
  if (Math.abs(reduced.n) > LIMIT || reduced.d > LIMIT) {
    throw new ModelError(
      `expected a network whose strides and sizes stay below ${LIMIT}, received ${n}/${d}`,
    );
  }
  return reduced;
}

export function add(a: Fraction, b: Fraction): Fraction {
  return fraction(a.n * b.d + b.n * a.d, a.d * b.d);
}

export function multiply(a: Fraction, b: Fraction): Fraction {
  return fraction(a.n * b.n, a.d * b.d);
}

export function equal(a: Fraction, b: Fraction): boolean {
  return a.n === b.n && a.d === b.d;
}

export function leastCommonMultiple(a: number, b: number): number {
  return (a / greatestCommonDivisor(a, b)) * b;
}

/** @returns the fraction with the smallest denominator up to 64 that `value` spells, null when there is none */
export function fractionOf(value: number): Fraction | null {
  for (let d = 1; d <= 64; d++) {
    const n = Math.round(value * d);
    // Graphs write scales as fp32 in decimal: six digits are all that can be relied on.
    if (n > 0 && Math.abs(n / d - value) <= value * 2e-6) return fraction(n, d);
  }
  return null;
}

function greatestCommonDivisor(a: number, b: number): number {
  let [larger, smaller] = [a, b];
  while (smaller !== 0) [larger, smaller] = [smaller, larger % smaller];
  return larger;
}
