import { UpscalerError } from "../errors.js";
import type { EffortChoice } from "./choose-effort.js";
import { codecFailure } from "./codec-failure.js";
import type { Encoders } from "./encoders.js";
import { finalPixels } from "./final-pixels.js";
import type { PageJob, PageOptions } from "./job.js";
import { outputSize, type Size } from "./output-size.js";
import type { EncodedPage, EncodedStrip, OutputFormat, Page } from "./page.js";
import { imageOf, type RawPixels } from "./planes.js";
import { cutRows, encodeStrips, type RowRange, stripRows } from "./strips.js";
import type { FinalImage, WebpEncoder, WebpSettings } from "./webp-encoder.js";

export interface EncodeResult {
  readonly page: EncodedPage;
  /** What was lost on the way, beside the page's own warnings. */
  readonly warnings: readonly string[];
}

/** Bytes of the input up to which, and from which on, quality is chosen: a small file is a page worth keeping well. */
const SMALL_INPUT = 500_000;
const LARGE_INPUT = 2_000_000;

/** @returns the quality (1-100) for an input of this many bytes when the client names none */
export function defaultQuality(inputBytes: number): number {
  if (inputBytes < SMALL_INPUT) return 95;
  return inputBytes > LARGE_INPUT ? 85 : 90;
}

/**
 * What libwebp takes `quality` for without loss: time. Beyond the middle it takes two to four times as long for bytes
 * that differ by less than one percent.
 */
const LOSSLESS_QUALITY = 50;

/**
 * Halved chroma smears red lettering and spot colour. Of the efforts only 0 differs from the others: it does without a
 * second pass, for Huffman codes of the page's own, which takes more time than all else.
 */
const JPEG = { chromaSubsampling: "4:4:4" } as const;

/**
 * @throws {UpscalerError} unsupported_option
 */
export function expectEncodableOptions({ format, lossless }: PageOptions): void {
  if (lossless && format === "jpeg") {
    throw new UpscalerError(
      "unsupported_option",
      "expected format to be webp or png with lossless, received jpeg",
    );
  }
}

/** What images are written with. */
export interface EncodeTools {
  readonly encoders: Encoders;
  readonly effort: EffortChoice;
  readonly webp: WebpEncoder;
}

/** How a page is written: settled before its first row is. */
export interface PageWriting {
  readonly format: OutputFormat;
  /** Null for formats without; final once everything is written. */
  readonly effort: number | null;
  /** Writes the page, or rows of it, as soon as an encoder is free. */
  write(part: RawPixels): Promise<Uint8Array>;
  /** Hands a strip to who asked for it, unless the page is not wanted any more. */
  deliver(strip: EncodedStrip): void;
}

/** What of a job the encode stage looks at. */
export type EncodeJob = Omit<PageJob, "onProgress">;

/**
 * @param moreToCome whether the decode stage is full, so that other pages come behind this one
 * @returns how the page is written, with as much effort as there is time for now
 */
export function settleWriting(
  greyscale: boolean,
  job: EncodeJob,
  tools: EncodeTools,
  moreToCome = false,
): PageWriting {
  const { format } = job.options;
  const { encoders, webp, effort } = tools;
  const spent = { effort: job.options.effort ?? effort.choose(encoders.load, job.priority, moreToCome) };
  const writeImage = imageWriter(job, spent, webp);
  return {
    format,
    get effort() {
      return format === "png" ? null : spent.effort;
    },
    write: (pixels) => encoders.run(job, (threads) => writeImage({ pixels, greyscale }, threads)),
    deliver: (strip) => {
      job.signal.throwIfAborted();
      job.onStrip?.(strip);
    },
  };
}

/** @returns what the codecs throw, as the failure of a page of this size */
export function encodeFailure(cause: unknown, format: OutputFormat, { width, height }: Size): UpscalerError {
  if (cause instanceof UpscalerError) return cause;
  return codecFailure(
    "encode_failed",
    `cannot write the page as ${format} in ${width} x ${height} pixels`,
    cause,
  );
}

/**
 * Shrinks an upscaled page to fit, if asked to, and writes it. Nobody reads the page's memory any more when the promise
 * is settled.
 *
 * @param job its `onStrip` receives the page's strips when the options ask for them; the result then has no data
 * @param moreToCome whether the decode stage is full, so that other pages come behind this one
 * @throws {UpscalerError} encode_failed, out_of_memory, or the signal's reason when it is aborted while something of the
 *   page waits to be written or delivered, or is written as WebP by an encoder that can stop
 */
export async function encodePage(
  page: Page,
  job: EncodeJob,
  tools: EncodeTools,
  moreToCome = false,
): Promise<EncodeResult> {
  const { format, fit, strips } = job.options;
  const size = outputSize(page.colour, 1, fit);
  try {
    const { pixels, warnings } = await finalPixels(page, format, size);
    const { load } = tools.encoders;
    const writing = settleWriting(page.greyscale, job, tools, moreToCome);
    let data: Uint8Array = new Uint8Array(0);
    if (strips) {
      const rows = stripRows(size.height, load, job.priority);
      const write = (strip: RowRange) => writing.write(cutRows(pixels, strip));
      await encodeStrips(size, rows, format, write, writing.deliver);
    } else {
      data = await writing.write(pixels);
    }
    return { page: { data, ...size, format, effort: writing.effort }, warnings };
  } catch (cause) {
    throw encodeFailure(cause, format, size);
  }
}

/** Effort of a page, 0 to 6. */
interface SpentEffort {
  effort: number;
}

function qualityOf({ options, data }: Pick<PageJob, "options" | "data">): number {
  return options.quality ?? (options.lossless ? LOSSLESS_QUALITY : defaultQuality(data.length));
}

/**
 * WebP keeps the modes of all blocks of an image in 512 KiB. Efforts below this one do not care and fail where they take
 * more, as those of 8000 x 12000 pixels do.
 */
const SPARING_EFFORT = 2;

/** @param spent is raised where the image takes more */
async function writeWebp(
  webp: WebpEncoder,
  image: FinalImage,
  settings: Omit<WebpSettings, "effort">,
  spent: SpentEffort,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { effort } = spent;
  try {
    return await webp.encode(image, { ...settings, effort }, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    const isFinal = thrown instanceof UpscalerError || effort >= SPARING_EFFORT;
    if (isFinal) throw thrown;
    spent.effort = Math.max(spent.effort, SPARING_EFFORT);
    return webp.encode(image, { ...settings, effort: SPARING_EFFORT }, signal);
  }
}

/** @returns what writes the page, or one strip of it, in the format that the options name */
function imageWriter(
  job: Pick<PageJob, "options" | "data" | "signal">,
  spent: SpentEffort,
  webp: WebpEncoder,
): (image: FinalImage, threads: number) => Promise<Uint8Array> {
  const { format, lossless } = job.options;
  const quality = qualityOf(job);
  const opened = ({ pixels, greyscale }: FinalImage) =>
    greyscale ? imageOf(pixels).toColourspace("b-w") : imageOf(pixels);
  switch (format) {
    case "webp":
      return (image, threads) => writeWebp(webp, image, { quality, lossless, threads }, spent, job.signal);
    case "jpeg":
      return (image) =>
        opened(image)
          .jpeg({ ...JPEG, quality, optimiseCoding: spent.effort > 0 })
          .toBuffer();
    case "png":
      return (image) => opened(image).png().toBuffer();
  }
}
