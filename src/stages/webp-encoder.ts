import { messageOf } from "../errors.js";
import type { Log } from "../log.js";
import { hasNativeAddon, loadNativeAddon } from "../native-addon.js";
import { NativeWebpEncoder, type WebpAddon } from "./native-webp.js";
import type { RawPixels } from "./planes.js";
import { SharpWebpEncoder } from "./sharp-webp.js";

/** An image as a file is written from it. */
export interface FinalImage {
  /** 3 channels, or 4 with straight alpha. */
  readonly pixels: RawPixels;
  /** What little colour the pixels have is to be left out. */
  readonly greyscale: boolean;
}

export interface WebpSettings {
  /** 1-100; of lossless files: the time taken to make them small. */
  readonly quality: number;
  /** 0-6. */
  readonly effort: number;
  readonly lossless: boolean;
  /** That may work on the image at once, at least 1: the file does not depend on it. Not every encoder uses more than one. */
  readonly threads: number;
}

/** Writes WebP files. Those of two encoders hold the same picture, and are equal where their libwebp is. */
export interface WebpEncoder {
  /** Which library does it, for people. */
  readonly name: string;

  /**
   * @returns a whole file; nobody reads the pixels any more when the promise is settled
   * @throws {UpscalerError} out_of_memory; the signal's reason, if the encoder can stop in the middle; an Error with the
   *   library's words otherwise
   */
  encode(image: FinalImage, settings: WebpSettings, signal: AbortSignal): Promise<Uint8Array>;
}

const ADDON = "webp_encoder";

/** @returns the addon around libwebp where the set-up has built it, else sharp */
export function openWebpEncoder(log: Log): WebpEncoder {
  const encoder = openNative(log) ?? new SharpWebpEncoder();
  log.info("encoder for WebP", { library: encoder.name });
  return encoder;
}

function openNative(log: Log): WebpEncoder | null {
  if (!hasNativeAddon(ADDON)) return null;
  try {
    return new NativeWebpEncoder(loadNativeAddon(ADDON) as WebpAddon);
  } catch (thrown) {
    // Such as a libwebp of the machine that the addon was linked to and that is gone.
    const reason = thrown instanceof Error && "detail" in thrown ? String(thrown.detail) : messageOf(thrown);
    log.warn("the addon for WebP cannot be loaded, sharp takes its place, which is slower", { reason });
    return null;
  }
}
