import sharp from "sharp";
import { paintScreentone, seededRandom } from "./images.js";

/** @returns a page of screentone, as a JPEG file */
export function screentonePage(width: number, height: number): Promise<Buffer> {
  const { data } = paintScreentone(width, height);
  return sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg()
    .toBuffer();
}

/** @returns a page of noise, which no format makes small, as a JPEG file */
export function noisePage(side: number, quality: number): Promise<Buffer> {
  const random = seededRandom(7);
  const data = Buffer.from(Array.from({ length: side * side * 3 }, () => Math.floor(random() * 256)));
  return sharp(data, { raw: { width: side, height: side, channels: 3 } })
    .jpeg({ quality })
    .toBuffer();
}
