// Makes the pictures in images/ anew: node protocol/conformance/make-images.mjs
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";

const FOLDER = join(import.meta.dirname, "images");
const WIDTH = 16;
const HEIGHT = 12;

/** A slope in each channel: small when compressed, and every pixel differs from its neighbours. */
function slope(channels, width = WIDTH, height = HEIGHT) {
  const data = Buffer.alloc(width * height * channels);
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / channels);
    const across = pixel % width;
    const down = Math.floor(pixel / width);
    data[i] = (across * 11 + down * 7 + (i % channels) * 60) % 256;
  }
  return sharp(data, { raw: { width, height, channels } });
}

/** One shade in one bit a pixel: hardly any bytes, as many pixels as wanted. */
function blank(width, height) {
  const background = { r: 255, g: 255, b: 255 };
  return sharp({ create: { width, height, channels: 3, background } })
    .toColourspace("b-w")
    .png({ palette: true, colours: 2, bitdepth: 1, compressionLevel: 9 });
}

function animation(width, height) {
  const frames = Buffer.alloc(width * height * 2 * 3);
  frames.fill(200, frames.length / 2);
  return sharp(frames, { raw: { width, height: height * 2, channels: 3, pageHeight: height } });
}

const images = {
  "page.png": slope(3).png(),
  "page.jpg": slope(3).jpeg({ quality: 80 }),
  "page.webp": slope(3).webp({ lossless: true }),
  "page.gif": slope(3).gif(),
  "page.avif": slope(3).avif({ quality: 50 }),
  "page.tif": slope(3).tiff({ compression: "lzw" }),
  "grey.png": slope(1).toColourspace("b-w").png(),
  "alpha.png": slope(4).png(),
  "palette.png": slope(3).png({ palette: true, colours: 16 }),
  "sixteen-bit.png": slope(3).toColourspace("rgb16").png(),
  "cmyk.jpg": slope(3).toColourspace("cmyk").jpeg({ quality: 80 }),
  "icc.png": slope(3).withIccProfile("p3").png(),
  "rotated.jpg": slope(3).withMetadata({ orientation: 6 }).jpeg({ quality: 80 }),
  "animated.gif": animation(WIDTH, HEIGHT).gif(),
  "animated.webp": animation(WIDTH, HEIGHT).webp({ lossless: true }),
  "slow.png": blank(2600, 2600),
  "wide.png": blank(8200, 1),
  "bomb.png": blank(8200, 8200),
};

for (const [name, image] of Object.entries(images)) {
  const { size } = await image.toFile(join(FOLDER, name));
  process.stdout.write(`${name}: ${size} bytes\n`);
}
writeFileSync(join(FOLDER, "page.svg"), '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="12"/>\n');
