import type { EncodedPage, EncodedStrip, OutputFormat, SourceInfo } from "./page.js";

/** How one page is to be processed; every absent choice of the client is already null or its default. */
export interface PageOptions {
  readonly model: string | null;
  /** Null means what the program was started with. */
  readonly scale: number | null;
  /** -1 to 3; null means what the loaded model has. */
  readonly noise: number | null;
  /**
   * Side of a tile in pixels of what a pass of the network reads; 0 lets the engine choose, null means what the engine
   * was set up with.
   */
  readonly tile: number | null;
  /** Largest output size; the page is shrunk to fit inside after upscaling, never enlarged. */
  readonly fit: { readonly width: number | null; readonly height: number | null } | null;
  readonly format: OutputFormat;
  /** 1-100, null: chosen by the input's size. */
  readonly quality: number | null;
  /** 0-6, null: chosen by how busy the encoders are and by the job's priority. */
  readonly effort: number | null;
  readonly lossless: boolean;
  /** Deliver the page as horizontal strips through `onStrip`, top first. */
  readonly strips: boolean;
}

/** One page on its way through the stages. */
export interface PageJob {
  /** The encoded input image; owned by the job until it is finished. */
  readonly data: Uint8Array;
  readonly options: PageOptions;
  /** 0 prefetch, 1 normal, 2 visible; read anew whenever a stage picks its next page, since it may change. */
  readonly priority: number;
  /** Set by a processor that has to pass a new priority on; called after each change. */
  onPriority?: (() => void) | null;
  /** Aborted with an UpscalerError as its reason; checked between stages, between tiles, and while WebP is written. */
  readonly signal: AbortSignal;
  /** Absent when nobody wants to know. */
  readonly onProgress?: (tilesDone: number, tilesTotal: number) => void;
  /** Called for each strip when the options ask for strips. */
  onStrip?(strip: EncodedStrip): void;
}

/** Time spent in each stage, in integer microseconds, without waiting in queues. */
export interface StageTimings {
  readonly decode: number;
  readonly upscale: number;
  readonly encode: number;
}

/** A finished page with what was used to make it. */
export interface PageResult {
  readonly page: EncodedPage;
  readonly source: SourceInfo;
  readonly model: string;
  readonly precision: string;
  /** Tile side that was really used, in pixels of what the last pass of the network read. */
  readonly tile: number;
  readonly device: string;
  /** Equal for equal input, model, options and program version; hexadecimal. */
  readonly cacheKey: string;
  readonly warnings: readonly string[];
  readonly timings: StageTimings;
}

/** Turns jobs into results; the session talks to the stages through this only. */
export interface PageProcessor {
  /** Whether `process` would start a job of this priority at once. */
  hasRoomFor(priority: number): boolean;
  /** Called whenever there may be room where there was none. */
  onRoom: (() => void) | null;
  /**
   * @throws {UpscalerError} typed; the signal's reason when it was aborted
   */
  process(job: PageJob): Promise<PageResult>;
}
