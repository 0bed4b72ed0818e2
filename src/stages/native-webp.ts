import { UpscalerError } from "../errors.js";
import { rgbAsPlane } from "./planes.js";
import { SharpWebpEncoder } from "./sharp-webp.js";
import type { FinalImage, WebpEncoder, WebpSettings } from "./webp-encoder.js";

/** What addon/webp_encoder.cc exports. */
export interface WebpAddon {
  /** Of libwebp. */
  readonly version: string;
  encode(options: WebpSettings & NativeImage): NativeEncoding;
}

interface NativeImage {
  /** (height - 1) * stride + width * channels bytes; read until the promise is settled. */
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** 1, 3 or 4: grey, RGB, RGBA. */
  readonly channels: number;
  /** Bytes from a row to the next one. */
  readonly stride: number;
}

interface NativeEncoding {
  /** Fails with a `code` of addon/failure.h: cancelled, out_of_memory or internal. */
  readonly promise: Promise<Uint8Array>;
  /** Makes the promise fail soon, unless it was fulfilled before. */
  abandon(): void;
}

/** libwebp compiled for speed, called without a copy of the pixels or of the file; stops as soon as a page is given up. */
export class NativeWebpEncoder implements WebpEncoder {
  readonly name: string;
  readonly #addon: WebpAddon;
  readonly #sharp = new SharpWebpEncoder();

  constructor(addon: WebpAddon) {
    this.#addon = addon;
    this.name = `libwebp ${addon.version}`;
  }

  async encode(image: FinalImage, settings: WebpSettings, signal: AbortSignal): Promise<Uint8Array> {
    const { pixels, greyscale } = image;
    // sharp gives no grey with alpha to others without further passes, and few pages are so.
    if (greyscale && pixels.channels === 4) return this.#sharp.encode(image, settings);
    const { data, width, height, channels } = greyscale ? await rgbAsPlane(pixels) : pixels;
    signal.throwIfAborted();
    const stride = width * channels;
    const { promise, abandon } = this.#addon.encode({
      pixels: data,
      width,
      height,
      channels,
      stride,
      ...settings,
    });
    const stop = (): void => abandon();
    signal.addEventListener("abort", stop, { once: true });
    try {
      return await promise;
    } catch (thrown) {
      signal.throwIfAborted();
      throw toFailure(thrown);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }
}

function toFailure(thrown: unknown): unknown {
  if (!(thrown instanceof Error && "code" in thrown && thrown.code === "out_of_memory")) return thrown;
  const message = "not enough memory to encode the image";
  return new UpscalerError("out_of_memory", message, { detail: thrown.message, cause: thrown });
}
