/** Formats that a page can be written in. */
export const OUTPUT_FORMATS = ["webp", "jpeg", "png"] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** Interleaved 8-bit pixels, rows top-down without gaps: `data.length === width * height * channels`. */
export interface PixelBuffer {
  /** Gives memory that is not JavaScript's own back early. Only once nobody reads the pixels any more: none are left. */
  readonly release?: () => void;
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

/** A horizontal part of an encoded page: a whole image in itself. Strips follow one another from the top, without overlap. */
export interface EncodedStrip {
  readonly index: number;
  /** Strips of the page. */
  readonly count: number;
  /** First row of the strip in the page. */
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly format: OutputFormat;
  readonly data: Uint8Array;
}

/** What the encode stage hands to the answer. */
export interface EncodedPage {
  /** Empty when the page was delivered in strips. */
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly format: OutputFormat;
  /** Time spent on compression, 0 to 6; null for formats without a choice. */
  readonly effort: number | null;
}
