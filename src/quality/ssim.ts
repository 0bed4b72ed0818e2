import type { LumaPlane } from "./luma.js";

const RADIUS = 5;
const SIDE = 2 * RADIUS + 1;
const SIGMA = 1.5;
const PEAK = 255;
const C1 = (0.01 * PEAK) ** 2;
const C2 = (0.03 * PEAK) ** 2;

/** Means of a, b, a * a, b * b and a * b in a window. */
const MOMENTS = 5;

const WINDOW = gaussian();

function gaussian(): Float64Array {
  const values = Float64Array.from({ length: SIDE }, (_, i) =>
    Math.exp(-((i - RADIUS) ** 2) / (2 * SIGMA ** 2)),
  );
  const sum = values.reduce((total, value) => total + value, 0);
  return values.map((value) => value / sum);
}

/**
 * Structural similarity of two planes, the mean over all windows that lie inside: Wang, Bovik, Sheikh and Simoncelli,
 * "Image Quality Assessment: From Error Visibility to Structural Similarity" (2004), with their 11 x 11 Gaussian of
 * standard deviation 1.5, K1 = 0.01 and K2 = 0.03. Holds eleven rows at a time.
 *
 * @returns 1 for equal planes
 * @throws {RangeError} two sizes, or planes smaller than the window
 */
export function ssim(a: LumaPlane, b: LumaPlane): number {
  if (a.width !== b.width || a.height !== b.height || Math.min(a.width, a.height) < SIDE) {
    throw new RangeError(
      `expected two planes of one size, at least ${SIDE} x ${SIDE}, received ${a.width} x ${a.height} and ${b.width} x ${b.height}`,
    );
  }
  const columns = a.width - SIDE + 1;
  const rows = Array.from({ length: SIDE }, () => new Float64Array(MOMENTS * columns));
  const products = new Float64Array(MOMENTS * a.width);
  let sum = 0;
  for (let y = 0; y < a.height; y++) {
    multiplyRow(a, b, y, products);
    filterRow(products, a.width, rows[y % SIDE] as Float64Array);
    if (y >= SIDE - 1) sum += sumOfWindows(rows, y + 1, columns);
  }
  return sum / (columns * (a.height - SIDE + 1));
}

function multiplyRow(a: LumaPlane, b: LumaPlane, y: number, products: Float64Array): void {
  const { width } = a;
  for (let x = 0; x < width; x++) {
    const [p, q] = [a.data[y * width + x] as number, b.data[y * width + x] as number];
    products[x] = p;
    products[width + x] = q;
    products[2 * width + x] = p * p;
    products[3 * width + x] = q * q;
    products[4 * width + x] = p * q;
  }
}

function filterRow(products: Float64Array, width: number, filtered: Float64Array): void {
  const columns = width - SIDE + 1;
  for (let moment = 0; moment < MOMENTS; moment++) {
    for (let x = 0; x < columns; x++) {
      const from = moment * width + x;
      let sum = 0;
      for (let i = 0; i < SIDE; i++) sum += (WINDOW[i] as number) * (products[from + i] as number);
      filtered[moment * columns + x] = sum;
    }
  }
}

/** @param oldest whose remainder is the place of the window's top row in `rows` */
function sumOfWindows(rows: readonly Float64Array[], oldest: number, columns: number): number {
  const means = new Float64Array(MOMENTS * columns);
  for (let i = 0; i < SIDE; i++) {
    const row = rows[(oldest + i) % SIDE] as Float64Array;
    const weight = WINDOW[i] as number;
    for (let x = 0; x < means.length; x++) means[x] = (means[x] as number) + weight * (row[x] as number);
  }
  let sum = 0;
  for (let x = 0; x < columns; x++) {
    const at = (moment: number) => means[moment * columns + x] as number;
    const [a, b] = [at(0), at(1)];
    const [variances, covariance] = [at(2) - a * a + at(3) - b * b, at(4) - a * b];
    sum += ((2 * a * b + C1) * (2 * covariance + C2)) / ((a * a + b * b + C1) * (variances + C2));
  }
  return sum;
}
