import { extname } from "node:path";
import { EXIT, type ExitCode } from "../../protocol/error-codes.js";
import { UpscalerError } from "../errors.js";
import { writeWhole } from "../files/write-whole.js";
import type { OutputFormat } from "../stages/page.js";
import type { EngineChoice } from "./engine-options.js";
import type { ImageChoice } from "./image-options.js";
import { processImage } from "./process-image.js";
import { type LogChoice, openLog } from "./program-log.js";
import { readPage } from "./read-pages.js";

const FORMAT_OF_EXTENSION: Readonly<Record<string, OutputFormat>> = {
  ".webp": "webp",
  ".jpg": "jpeg",
  ".jpeg": "jpeg",
  ".png": "png",
};

/** @throws {UpscalerError} unsupported_option when neither the option nor the name says which format */
function formatFor(output: string, format: OutputFormat | null): OutputFormat {
  const extension = extname(output).toLowerCase();
  const byName = FORMAT_OF_EXTENSION[extension];
  if (format ?? byName) return (format ?? byName) as OutputFormat;
  const known = Object.keys(FORMAT_OF_EXTENSION).join(", ");
  throw new UpscalerError(
    "unsupported_option",
    `expected ${output} to end with one of ${known}, received '${extension}'; --format names the format`,
  );
}

/** Upscales one file into another. */
export async function runUpscale(
  input: string,
  choice: EngineChoice & ImageChoice & LogChoice & { readonly output: string },
): Promise<ExitCode> {
  const log = openLog(choice);
  const format = formatFor(choice.output, choice.format);
  const { page, timings, device, model } = await processImage(await readPage(input), format, choice, log);
  await writeWhole(choice.output, page.data);
  const { width, height, data } = page;
  log.info("written", {
    output: choice.output,
    width,
    height,
    bytes: data.length,
    model,
    device,
    ...timings,
  });
  return EXIT.ok;
}
