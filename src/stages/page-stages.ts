import type { Engine } from "../engine/engine.js";
import { cacheKey } from "./cache-key.js";
import { EffortChoice } from "./choose-effort.js";
import { decodePage } from "./decode.js";
import { canBeginEarly, EarlyStrips } from "./early-strips.js";
import { type EncodeResult, encodePage, expectEncodableOptions } from "./encode.js";
import { Encoders } from "./encoders.js";
import type { PageJob, PageOptions } from "./job.js";
import { expectWritableSize, type Size } from "./output-size.js";
import type { Page } from "./page.js";
import type { PageScales } from "./page-scales.js";
import { PixelCustody, releasePixels } from "./pixel-custody.js";
import { expectLoadedModel, type UpscaledPage, upscalePage } from "./upscale.js";
import type { WebpEncoder } from "./webp-encoder.js";

/** What the pipeline runs a page through; each function may be called for several pages side by side. */
export interface PageStages {
  /**
   * Looks at the options before any work is done.
   *
   * @throws {UpscalerError} model_not_found, unsupported_option
   */
  expectSupported(options: PageOptions): void;
  decode(data: Uint8Array): Promise<Page>;
  cacheKey(job: PageJob): Promise<string>;
  /**
   * Looks at an upright page's size, before it is decoded or upscaled.
   *
   * @throws {UpscalerError} output_too_large
   */
  expectWritable(size: Size, options: PageOptions): void;
  upscale(page: Page, job: PageJob): Promise<UpscaledPage>;
  /** @param moreToCome whether the decode stage is full, so that other pages come behind this one */
  encode(page: Page, job: PageJob, moreToCome?: boolean): Promise<EncodeResult>;
}

export interface PageStagesSettings {
  /** Largest width times height of an input image. */
  readonly maxInputPixels: number;
  readonly programVersion: string;
  readonly scales: PageScales;
  /** Images written side by side. */
  readonly encoders: number;
  readonly webp: WebpEncoder;
}

/** The stages as the program uses them, around a loaded engine. */
export function createPageStages(engine: Engine, settings: PageStagesSettings): PageStages {
  const { maxInputPixels: maxPixels, programVersion, scales } = settings;
  const tools = {
    encoders: new Encoders(settings.encoders),
    effort: new EffortChoice(),
    webp: settings.webp,
  };
  const custody = new PixelCustody();
  const begun = new WeakMap<Page, Promise<EncodeResult>>();
  const context = { modelSha256: engine.modelSha256, programVersion };
  return {
    expectSupported(options) {
      expectLoadedModel(options, engine);
      scales.enlargementFor(options);
      expectEncodableOptions(options);
    },
    decode: (data) => decodePage(data, { maxPixels }),
    cacheKey({ data, options }) {
      // What a request leaves open depends on what the program was started with.
      const { scale } = scales.enlargementFor(options);
      return cacheKey(data, { ...options, scale }, context);
    },
    expectWritable: (size, options) => expectWritableSize(size, scales.enlargementFor(options), options),
    async upscale(page, job) {
      const enlargement = scales.enlargementFor(job.options);
      if (!canBeginEarly(page, job, enlargement)) {
        const upscaled = await upscalePage(page, engine, enlargement, job);
        custody.keep(upscaled.page, job.signal);
        return upscaled;
      }
      const strips = new EarlyStrips(page, enlargement.scale, job, tools);
      try {
        const upscaled = await upscalePage(page, engine, enlargement, job, strips);
        strips.onRows(upscaled.page.colour, upscaled.page.colour.height);
        custody.keep(upscaled.page, job.signal, () => strips.letGo());
        if (strips.result !== null) begun.set(upscaled.page, strips.result);
        return upscaled;
      } catch (thrown) {
        strips.abandon(thrown);
        throw thrown;
      }
    },
    async encode(page, job, moreToCome) {
      custody.take(page);
      try {
        return await (begun.get(page) ?? encodePage(page, job, tools, moreToCome));
      } finally {
        // The codecs are done with the pixels, whether they were written or not.
        releasePixels(page);
      }
    },
  };
}
