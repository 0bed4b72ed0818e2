import type { PixelBuffer } from "../stages/page.js";
import { lumaInside } from "./luma.js";
import type { Region } from "./originals.js";

/** Places that are compared lie this far apart; scales up to it divide them. */
const STEP = 8;

/**
 * Finds where an image has the most to lose: the square with the largest sum of luma differences between neighbours.
 *
 * @param side of the square in pixels; smaller when the image is
 * @param margin pixels along the image's edges that are not shown
 * @returns the topmost, then leftmost, of the busiest
 */
export function busiestRegion(image: PixelBuffer, side: number, margin: number): Region {
  const sums = differenceSums(image);
  const [width, height] = [
    Math.min(side, image.width - 2 * margin),
    Math.min(side, image.height - 2 * margin),
  ];
  let best = { left: margin, top: margin, width, height };
  let most = -1;
  for (let top = margin; top + height <= image.height - margin; top += STEP) {
    for (let left = margin; left + width <= image.width - margin; left += STEP) {
      const at = (x: number, y: number) => sums[y * (image.width + 1) + x] as number;
      const sum =
        at(left + width, top + height) - at(left, top + height) - at(left + width, top) + at(left, top);
      if (sum > most) {
        most = sum;
        best = { left, top, width, height };
      }
    }
  }
  return best;
}

/** @returns for each corner between pixels the sum of the differences above and to the left of it */
function differenceSums(image: PixelBuffer): Float64Array {
  const { data, width, height } = lumaInside(image, 0);
  const sums = new Float64Array((width + 1) * (height + 1));
  for (let y = 0; y < height; y++) {
    let row = 0;
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const value = data[at] as number;
      const right = x + 1 < width ? (data[at + 1] as number) : value;
      const below = y + 1 < height ? (data[at + width] as number) : value;
      row += Math.abs(right - value) + Math.abs(below - value);
      sums[(y + 1) * (width + 1) + x + 1] = (sums[y * (width + 1) + x + 1] as number) + row;
    }
  }
  return sums;
}
