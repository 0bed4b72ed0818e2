import { open, readFile, rename, rm } from "node:fs/promises";
import { extname } from "node:path";
import { EXIT, type ExitCode } from "../../protocol/error-codes.js";
import { messageOf, UpscalerError } from "../errors.js";
import type { OutputFormat } from "../stages/page.js";
import type { EngineChoice } from "./engine-options.js";
import type { ImageChoice } from "./image-options.js";
import { processImage } from "./process-image.js";
import { type LogChoice, openLog } from "./program-log.js";

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

async function readInput(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new UpscalerError("invalid_request", `cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
}

/** Writes beside the target and renames, so that a reader never sees half an image under the final name. */
async function writeWhole(path: string, data: Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new UpscalerError("encode_failed", `cannot write ${path}: ${messageOf(cause)}`, { cause });
  }
}

/** Upscales one file into another. */
export async function runUpscale(
  input: string,
  choice: EngineChoice & ImageChoice & LogChoice & { readonly output: string },
): Promise<ExitCode> {
  const log = openLog(choice);
  const format = formatFor(choice.output, choice.format);
  const { page, timings, device, model } = await processImage(await readInput(input), format, choice, log);
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
