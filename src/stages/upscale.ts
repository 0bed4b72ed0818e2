import type { Engine, RowReader } from "../engine/engine.js";
import { UpscalerError } from "../errors.js";
import type { Enlargement } from "../models/scales.js";
import { codecFailure } from "./codec-failure.js";
import { shrinkPage } from "./final-pixels.js";
import type { PageJob, PageOptions } from "./job.js";
import { outputSize, type Size } from "./output-size.js";
import type { Page, PixelBuffer } from "./page.js";
import { runPasses } from "./passes.js";
import { releasePixels } from "./pixel-custody.js";
import { planeAsRgb, rgbAsPlane } from "./planes.js";

/** An upscaled page with how it was made. */
export interface UpscaledPage {
  readonly page: Page;
  readonly model: string;
  readonly precision: string;
  /** Side of the tiles that were used, in pixels of what the last pass read. */
  readonly tile: number;
  readonly device: string;
}

/** What of a job the upscale stage looks at. */
export interface UpscaleJob extends Pick<PageJob, "priority" | "signal" | "onProgress"> {
  readonly options: Pick<PageOptions, "tile" | "fit">;
}

/**
 * @throws {UpscalerError} model_not_found, unsupported_option: what is asked for is not what the engine has loaded
 */
export function expectLoadedModel({ model, noise }: PageOptions, engine: Engine): void {
  if (model !== null && model !== engine.model) {
    throw new UpscalerError("model_not_found", `expected model to be ${engine.model}, received ${model}`);
  }
  if (noise !== null && noise !== engine.noise) {
    const levels = engine.noise === null ? "absent: model" : `${engine.noise}, as model`;
    throw new UpscalerError(
      "unsupported_option",
      `expected noise to be ${levels} ${engine.model} has ${engine.noise === null ? "no levels" : "it"}, received ${noise}`,
    );
  }
}

/**
 * Enlarges colour by the engine's network and alpha, as a grey image, by the same one, so that both have the same
 * edges. Premultiplied colour stays premultiplied. What two passes made beyond the scale is shrunk, to the size that the
 * page is written in at once.
 *
 * @param rowReader for a page without alpha that is not shrunk here: gets the colour's rows as they are made
 * @throws {UpscalerError} the signal's reason, out_of_memory, gpu_lost, internal
 */
export async function upscalePage(
  page: Page,
  engine: Engine,
  enlargement: Enlargement,
  job: UpscaleJob,
  rowReader?: RowReader,
): Promise<UpscaledPage> {
  const { signal } = job;
  const images = page.alpha === null ? 1 : 2;
  const run = (image: PixelBuffer, index: number) =>
    runPasses(engine, image, enlargement, {
      tile: job.options.tile,
      signal,
      urgency: job,
      onTile: (done, total) => job.onProgress?.(index * total + done, images * total),
      ...(rowReader && { rowReader }),
    });
  const colour = await run(page.colour, 0);
  let alpha: PixelBuffer | null = null;
  const warnings = [...page.warnings, ...colour.warnings];
  if (page.alpha !== null) {
    try {
      signal.throwIfAborted();
      const grey = await run(await planeAsRgb(page.alpha), 1);
      alpha = await rgbAsPlane(grey.image).finally(() => grey.image.release?.());
      warnings.push(...grey.warnings.filter((warning) => !warnings.includes(warning)));
    } catch (thrown) {
      colour.image.release?.();
      throw thrown;
    }
  }
  const upscaled = { ...page, colour: colour.image, alpha, warnings };
  const size = outputSize(page.colour, enlargement.scale, job.options.fit);
  return {
    page: enlargement.made === enlargement.scale ? upscaled : await shrinkAway(upscaled, size),
    model: engine.model,
    precision: engine.precision,
    tile: colour.tile,
    device: engine.device.name,
  };
}

/**
 * @returns the page in another size; what it was shrunk from is given back
 * @throws {UpscalerError} out_of_memory, internal
 */
async function shrinkAway(page: Page, size: Size): Promise<Page> {
  try {
    return await shrinkPage(page, size);
  } catch (cause) {
    throw codecFailure("internal", `cannot shrink the page to ${size.width} x ${size.height} pixels`, cause);
  } finally {
    releasePixels(page);
  }
}
