import type { PixelBuffer } from "../stages/page.js";

/** One byte a pixel, rows top-down without gaps. */
export interface LumaPlane {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/**
 * Luma after ITU-R BT.601, 0.299 R + 0.587 G + 0.114 B over the full range, rounded to 8 bits.
 *
 * @param image 3 channels
 * @param border pixels that are left out on each side
 * @throws {RangeError} an image that is all border, or one without three channels
 */
export function lumaInside(image: PixelBuffer, border: number): LumaPlane {
  const [width, height] = [image.width - 2 * border, image.height - 2 * border];
  if (width < 1 || height < 1 || image.channels !== 3) {
    throw new RangeError(
      `expected an RGB image larger than ${2 * border} x ${2 * border}, received ${image.width} x ${image.height} of ${image.channels} channels`,
    );
  }
  const data = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    let from = ((y + border) * image.width + border) * 3;
    for (let x = 0; x < width; x++, from += 3) {
      const [r, g, b] = [image.data[from], image.data[from + 1], image.data[from + 2]] as [
        number,
        number,
        number,
      ];
      data[y * width + x] = Math.round(0.299 * r + 0.587 * g + 0.114 * b);
    }
  }
  return { data, width, height };
}
