import type { RequestErrorCode } from "../../protocol/error-codes.js";

/** Formats that a page can be written in. */
export const OUTPUT_FORMATS = ["webp", "jpeg", "png"] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** Interleaved 8-bit pixels, rows top-down without gaps: `data.length === width * height * channels`. */
export interface PixelBuffer {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
}

/** What the input was before it was turned upright and converted to sRGB. */
export interface SourceInfo {
  readonly width: number;
  readonly height: number;
  readonly format: string;
}

/** A page between two stages: sRGB colour, straight alpha (null when every pixel is opaque). */
export interface Page {
  /** 3 channels. When `alpha` is present the colour is premultiplied by it. */
  readonly colour: PixelBuffer;
  readonly alpha: PixelBuffer | null;
  /** The input had no colour channels; the output is written without colour too. */
  readonly greyscale: boolean;
  readonly source: SourceInfo;
  readonly warnings: readonly string[];
}

/** What the encode stage hands to the answer. */
export interface EncodedPage {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly format: OutputFormat;
}

/** Codes that a stage may fail with; the session adds the rest. */
export type StageErrorCode = Extract<
  RequestErrorCode,
  | "unsupported_option"
  | "unsupported_format"
  | "decode_failed"
  | "image_too_large"
  | "output_too_large"
  | "encode_failed"
  | "cancelled"
  | "deadline_exceeded"
  | "out_of_memory"
  | "gpu_lost"
  | "internal"
>;
