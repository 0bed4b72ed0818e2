import type { Engine, RowReader } from "../engine/engine.js";
import { UpscalerError } from "../errors.js";
import type { PageJob, PageOptions } from "./job.js";
import type { Page, PixelBuffer } from "./page.js";
import { planeAsRgb, rgbAsPlane } from "./planes.js";

/** An upscaled page with how it was made. */
export interface UpscaledPage {
  readonly page: Page;
  readonly model: string;
  readonly precision: string;
  /** Tile side in input pixels that was used. */
  readonly tile: number;
  readonly device: string;
}

/**
 * @throws {UpscalerError} model_not_found, unsupported_option: what is asked for is not what the engine has loaded
 */
export function expectLoadedModel({ model, scale, noise }: PageOptions, engine: Engine): void {
  if (model !== null && model !== engine.model) {
    throw new UpscalerError("model_not_found", `expected model to be ${engine.model}, received ${model}`);
  }
  if (scale !== null && scale !== engine.scale) {
    throw new UpscalerError(
      "unsupported_option",
      `expected scale to be ${engine.scale}, as model ${engine.model} gives, received ${scale}; use fit for smaller sizes`,
    );
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
 * edges. Premultiplied colour stays premultiplied.
 *
 * @param rowReader for a page without alpha: gets the colour's rows as they are made
 * @throws {UpscalerError} the signal's reason, out_of_memory, gpu_lost, internal
 */
export async function upscalePage(
  page: Page,
  engine: Engine,
  job: Pick<PageJob, "options" | "priority" | "signal" | "onProgress">,
  rowReader?: RowReader,
): Promise<UpscaledPage> {
  const { signal } = job;
  const passes = page.alpha === null ? 1 : 2;
  const run = async (image: PixelBuffer, pass: number) => {
    const upscaled = await engine.upscale(image, {
      tile: job.options.tile,
      signal,
      urgency: job,
      onTile: (done, total) => job.onProgress?.(pass * total + done, passes * total),
      ...(rowReader && { rowReader }),
    });
    expectScaled(image, upscaled.image, engine.scale);
    return upscaled;
  };
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
  return {
    page: { ...page, colour: colour.image, alpha, warnings },
    model: engine.model,
    precision: engine.precision,
    tile: colour.tile,
    device: engine.device.name,
  };
}

/** An engine that answers with another size would shear every later row; better a typed error than such a picture. */
function expectScaled(input: PixelBuffer, output: PixelBuffer, scale: number): void {
  const expected = { width: input.width * scale, height: input.height * scale };
  const bytes = expected.width * expected.height * 3;
  if (output.width !== expected.width || output.height !== expected.height || output.data.length !== bytes) {
    throw new UpscalerError(
      "internal",
      `expected the engine to give ${expected.width} x ${expected.height} pixels in ${bytes} bytes, received ${output.width} x ${output.height} in ${output.data.length}`,
    );
  }
}
