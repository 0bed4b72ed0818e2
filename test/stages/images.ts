import sharp, { type Sharp } from "sharp";

/** Test images; every function gives encoded files that sharp wrote a moment ago. */

export type Rgb = readonly [number, number, number];

/** An RGB image whose pixel (x, y) has the colour `at` says. */
export function drawn(width: number, height: number, at: (x: number, y: number) => Rgb): Sharp {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data.set(at(x, y), (y * width + x) * 3);
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** A pattern without symmetry and with every colour different, so that any mix-up of pixels or channels shows. */
export function pattern(width = 13, height = 7): Sharp {
  return drawn(width, height, (x, y) => [x * 19, y * 36, (x * 7 + y * 11) % 256]);
}

export function rawImage(
  data: Uint8Array | Uint16Array,
  width: number,
  height: number,
  channels: 1 | 2 | 3 | 4,
): Sharp {
  return sharp(data, { raw: { width, height, channels } });
}

/** Bytes of an 8-bit image as plain numbers, which fail with a readable difference. */
export function numbers(data: Uint8Array): number[] {
  return Array.from(data);
}

/** A PNG whose header claims a size; the rest is a tiny image's. */
export async function pngClaiming(width: number, height: number): Promise<Buffer> {
  const png = Buffer.from(await pattern(4, 4).png().toBuffer());
  png.writeUInt32BE(width, 16);
  png.writeUInt32BE(height, 20);
  png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
  return png;
}

/** CRC-32 as PNG uses it (ISO 3309), bit by bit: headers are short. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
