import type { PixelBuffer } from "../stages/page.js";
import { sharp } from "../stages/sharp.js";

/** JPEG quality that an input went through; null for none. */
export type JpegQuality = number | null;

/**
 * Shrinks by the mean of each `scale` x `scale` block, of the encoded (not linear-light) values, rounded half up.
 *
 * @param image whose sides are multiples of `scale`
 * @throws {RangeError} other sides
 */
export function boxDownscale(image: PixelBuffer, scale: number): PixelBuffer {
  const { channels } = image;
  const [width, height] = [image.width / scale, image.height / scale];
  if (!Number.isInteger(width) || !Number.isInteger(height)) {
    throw new RangeError(
      `expected sides that are multiples of ${scale}, received ${image.width} x ${image.height}`,
    );
  }
  const data = new Uint8Array(width * height * channels);
  const area = scale * scale;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let row = y * scale; row < (y + 1) * scale; row++) {
          const from = (row * image.width + x * scale) * channels + c;
          for (let i = 0; i < scale; i++) sum += image.data[from + i * channels] as number;
        }
        data[(y * width + x) * channels + c] = Math.floor(sum / area + 0.5);
      }
    }
  }
  return { data, width, height, channels };
}

/**
 * What a reader would be given: the JPEG with halved colour resolution (4:2:0), or without colour, decoded again.
 *
 * @param greyscale whether it is stored without colour, as art that has none is
 */
export async function throughJpeg(
  image: PixelBuffer,
  quality: number,
  greyscale: boolean,
): Promise<PixelBuffer> {
  const { data, width, height, channels } = image;
  const raw = sharp(data, { raw: { width, height, channels } });
  const file = await (greyscale ? raw.toColourspace("b-w") : raw)
    .jpeg({ quality, chromaSubsampling: "4:2:0" })
    .toBuffer();
  const decoded = await sharp(file).toColourspace("srgb").raw().toBuffer();
  return { data: decoded, width, height, channels };
}

/** @returns the input that an upscaler gets for an original */
export async function degrade(
  original: PixelBuffer,
  scale: number,
  quality: JpegQuality,
  greyscale: boolean,
): Promise<PixelBuffer> {
  const small = boxDownscale(original, scale);
  return quality === null ? small : throughJpeg(small, quality, greyscale);
}
