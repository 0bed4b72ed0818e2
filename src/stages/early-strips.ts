import type { RowReader } from "../engine/engine.js";
import type { Enlargement } from "../models/scales.js";
import {
  type EncodeJob,
  type EncodeResult,
  type EncodeTools,
  encodeFailure,
  type PageWriting,
  settleWriting,
} from "./encode.js";
import { outputSize, type Size } from "./output-size.js";
import type { Page, PixelBuffer } from "./page.js";
import { cutRows, encodeStrips, type RowRange, stripRows } from "./strips.js";

/** Taller strips would have the first one wait for rows that are not upscaled yet. */
const MOST_EARLY_ROWS = 256;

/** A strip that waits for its rows. */
interface Waiting {
  readonly strip: RowRange;
  begin(image: PixelBuffer): void;
  fail(reason: unknown): void;
}

/** @returns whether the upscaled page is written as it comes from the engine: in its size, without other channels */
export function canBeginEarly(page: Page, { options }: EncodeJob, { scale, made }: Enlargement): boolean {
  if (made !== scale) return false;
  const upscaled = outputSize(page.colour, scale, null);
  const { width, height } = outputSize(page.colour, scale, options.fit);
  return options.strips && page.alpha === null && width === upscaled.width && height === upscaled.height;
}

/**
 * Writes the upper strips of a page while its lower rows are still being upscaled: what an engine in many small tiles
 * takes seconds for is seen from its first part of a second on. A page that comes in one piece is left to the encode
 * stage. Main thread only.
 */
export class EarlyStrips implements RowReader {
  readonly #greyscale: boolean;
  readonly #size: Size;
  readonly #job: EncodeJob;
  readonly #tools: EncodeTools;
  #image: PixelBuffer | null = null;
  #finalRows = 0;
  #waiting: Waiting[] = [];
  /** Strips whose rows were taken and are being read. */
  readonly #reading = new Set<Promise<void>>();
  #result: Promise<EncodeResult> | null = null;

  /** @param page before it is upscaled; canBeginEarly */
  constructor(page: Page, scale: number, job: EncodeJob, tools: EncodeTools) {
    this.#greyscale = page.greyscale;
    this.#size = outputSize(page.colour, scale, null);
    this.#job = job;
    this.#tools = tools;
  }

  /** What has become of the strips; null when none was begun, since all rows came at once. */
  get result(): Promise<EncodeResult> | null {
    return this.#result;
  }

  onRows(image: PixelBuffer, rows: number): void {
    if (this.#result === null && rows >= this.#size.height) return;
    this.#image = image;
    this.#finalRows = rows;
    this.#result ??= this.#begin();
    const isReady = ({ strip }: Waiting) => strip.y + strip.height <= rows;
    const ready = this.#waiting.filter(isReady);
    this.#waiting = this.#waiting.filter((waiting) => !isReady(waiting));
    for (const { begin } of ready) begin(image);
  }

  async letGo(): Promise<void> {
    this.#image = null;
    this.#finalRows = 0;
    await Promise.all(this.#reading);
  }

  /** The page will not be upscaled: strips that wait for rows fail. */
  abandon(reason: unknown): void {
    for (const { fail } of this.#waiting.splice(0)) fail(reason);
  }

  #begin(): Promise<EncodeResult> {
    const { load } = this.#tools.encoders;
    const writing = settleWriting(this.#greyscale, this.#job, this.#tools);
    const rows = Math.min(MOST_EARLY_ROWS, stripRows(this.#size.height, load, this.#job.priority));
    const result = this.#encode(rows, writing);
    // Met by the encode stage, unless upscaling fails before.
    result.catch(() => undefined);
    return result;
  }

  async #encode(rows: number, writing: PageWriting): Promise<EncodeResult> {
    const { format } = writing;
    try {
      const writeStrip = (strip: RowRange) =>
        this.#withRows(strip, (image) => writing.write(cutRows(image, strip)));
      await encodeStrips(this.#size, rows, format, writeStrip, writing.deliver);
      const page = { data: new Uint8Array(0), ...this.#size, format, effort: writing.effort };
      return { page, warnings: [] };
    } catch (cause) {
      throw encodeFailure(cause, format, this.#size);
    }
  }

  /** Calls `read` once the strip's rows are final; it has the image until its promise is settled. */
  #withRows<Value>(strip: RowRange, read: (image: PixelBuffer) => Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      const begin = (image: PixelBuffer): void => {
        const value = read(image);
        const reading = value.then(
          () => undefined,
          () => undefined,
        );
        this.#reading.add(reading);
        void reading.then(() => this.#reading.delete(reading));
        resolve(value);
      };
      if (this.#image !== null && strip.y + strip.height <= this.#finalRows) begin(this.#image);
      else this.#waiting.push({ strip, begin, fail: reject });
    });
  }
}
