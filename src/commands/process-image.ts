import type { Log } from "../log.js";
import type { PageResult } from "../stages/job.js";
import type { OutputFormat } from "../stages/page.js";
import type { EngineChoice } from "./engine-options.js";
import { type ImageChoice, toPageOptions } from "./image-options.js";
import { openStages } from "./open-stages.js";

const NORMAL_PRIORITY = 1;

/**
 * Upscales one image with an engine of its own.
 *
 * @throws {UpscalerError | FatalError}
 */
export async function processImage(
  data: Uint8Array,
  format: OutputFormat,
  choice: EngineChoice & ImageChoice,
  log: Log,
): Promise<PageResult> {
  const { engine, processor } = await openStages(choice, log);
  try {
    const options = toPageOptions(choice, format);
    const signal = new AbortController().signal;
    const result = await processor.process({ data, options, priority: NORMAL_PRIORITY, signal });
    for (const warning of result.warnings) log.warn(warning);
    return result;
  } finally {
    await engine.close();
  }
}
