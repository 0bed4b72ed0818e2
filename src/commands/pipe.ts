import type { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { EXIT, type ExitCode } from "../../protocol/error-codes.js";
import { MAX_FRAME_BYTES } from "../../protocol/limits.js";
import { UpscalerError } from "../errors.js";
import type { GuardedStdout } from "../wire/stdout-guard.js";
import type { EngineChoice } from "./engine-options.js";
import type { ImageChoice } from "./image-options.js";
import { processImage } from "./process-image.js";
import { type LogChoice, openLog } from "./program-log.js";

/** As much as one frame of the protocol can carry. */
const MAX_INPUT_BYTES = MAX_FRAME_BYTES;

async function readAll(input: Readable): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    bytes += (chunk as Uint8Array).length;
    if (bytes > MAX_INPUT_BYTES) {
      throw new UpscalerError(
        "image_too_large",
        `expected at most ${MAX_INPUT_BYTES} bytes on stdin, received more`,
      );
    }
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks);
}

/** Upscales the image on standard input to standard output. */
export async function runPipe(
  choice: EngineChoice & ImageChoice & LogChoice,
  stdout: GuardedStdout,
): Promise<ExitCode> {
  const log = openLog(choice);
  if (process.stdin.isTTY || stdout.isTerminal) {
    log.error(
      "expected an image on stdin and a file or pipe as stdout, received a terminal: cat page.jpg | bdreader-ncnn-upscaler pipe > page.webp",
    );
    return EXIT.usage;
  }
  const { page } = await processImage(await readAll(process.stdin), choice.format ?? "webp", choice, log);
  const written = finished(stdout.stream);
  stdout.stream.end(page.data);
  await written;
  return EXIT.ok;
}
