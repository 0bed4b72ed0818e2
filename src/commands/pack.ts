import { EXIT, type ExitCode } from "../../protocol/error-codes.js";
import { FatalError, UpscalerError } from "../errors.js";
import type { Log } from "../log.js";
import { labelsOf } from "../packing/page-names.js";
import { greetingFrame, type RequestFields, requestFrame } from "../packing/request-frames.js";
import type { Frame } from "../wire/codec.js";
import { FrameWriter } from "../wire/frame-writer.js";
import type { GuardedStdout } from "../wire/stdout-guard.js";
import { type PackChoice, toRequestFields } from "./pack-options.js";
import { openLog } from "./program-log.js";
import { readPage } from "./read-pages.js";

/** Names the failure of one file; the others go on. */
async function frameOf(
  id: number,
  file: string,
  label: string,
  fields: RequestFields,
  log: Log,
): Promise<Frame | null> {
  try {
    return requestFrame(id, label, fields, await readPage(file));
  } catch (thrown) {
    if (!(thrown instanceof UpscalerError) || thrown instanceof FatalError) throw thrown;
    log.error(`${thrown.code}: ${thrown.message}`, { page: file });
    return null;
  }
}

/** The labels that the results are named by; null, and a line about it, when the command line gives no usable ones. */
function labelsFor(files: readonly string[], log: Log): readonly string[] | null {
  try {
    return labelsOf(files);
  } catch (thrown) {
    if (!(thrown instanceof UpscalerError)) throw thrown;
    log.error(`${thrown.code}: ${thrown.message}`);
    return null;
  }
}

/**
 * Writes a request for each file to standard output, as a worker reads them; the end of the output asks the worker to
 * finish them. Files are read as fast as the worker takes them.
 */
export async function runPack(
  files: readonly string[],
  choice: PackChoice,
  stdout: GuardedStdout,
): Promise<ExitCode> {
  const log = openLog(choice);
  if (stdout.isTerminal) {
    log.error(
      "expected a file or pipe as stdout, received a terminal: bdreader-ncnn-upscaler pack *.jpg | bdreader-ncnn-upscaler worker | bdreader-ncnn-upscaler unpack -o out",
    );
    return EXIT.usage;
  }
  const labels = labelsFor(files, log);
  if (labels === null) return EXIT.usage;
  const fields = toRequestFields(choice);
  const writer = new FrameWriter(stdout.stream);
  writer.write(greetingFrame());
  let failures = 0;
  for (const [index, file] of files.entries()) {
    const frame = await frameOf(index + 1, file, labels[index] as string, fields, log);
    if (frame === null) failures++;
    else writer.write(frame);
    if (await writer.flush()) continue;
    log.error("the reader of the requests is gone", { sent: index - failures, of: files.length });
    return EXIT.failure;
  }
  return failures === 0 ? EXIT.ok : EXIT.failure;
}
