import type { OutputFormat } from "../stages/page.js";

/** WebP quality that is compared; sr-vulkan is told so. */
export const WEBP_QUALITY = 90;

/** JPEG quality that is compared: sr-vulkan always writes 98, without halved chroma. */
export const JPEG_QUALITY = 98;

/** WebP method of libwebp's simple interface, which sr-vulkan calls. */
export const PEER_WEBP_EFFORT = 4;

export interface Timed {
  readonly ms: number;
  /** Of all encoded pages together. */
  readonly bytes: number;
  /** Time spent on compression, 0 to 6, of pages for which it is known. */
  readonly efforts: readonly number[];
}

/** One program with its settings, as a row of the table. */
export interface Contender {
  readonly program: "ours" | "peer";
  readonly format: OutputFormat;
  /** Beside program and format, for people. */
  readonly settings: string;
  /**
   * Upscales pages that are all given at once.
   *
   * @param pages positions in the list of pages; may repeat
   * @throws {Error} why not; the contender is left out from then on
   */
  upscale(pages: readonly number[]): Promise<Timed>;
  /** Upscales one page and keeps it; warms everything up. */
  sample(page: number): Promise<Uint8Array>;
}
