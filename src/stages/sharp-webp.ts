import { imageOf } from "./planes.js";
import { sharp } from "./sharp.js";
import type { FinalImage, WebpEncoder, WebpSettings } from "./webp-encoder.js";

/** The libwebp inside sharp, which is compiled to be small and cannot be stopped in the middle of an image. */
export class SharpWebpEncoder implements WebpEncoder {
  readonly name = `libwebp ${sharp.versions.webp} of sharp`;

  encode({ pixels, greyscale }: FinalImage, settings: WebpSettings): Promise<Uint8Array> {
    const { quality, effort, lossless } = settings;
    const image = imageOf(pixels);
    return (greyscale ? image.toColourspace("b-w") : image).webp({ quality, effort, lossless }).toBuffer();
  }
}
