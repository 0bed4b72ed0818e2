import { realpath } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { UpscalerError } from "../errors.js";
import { isFolder } from "../files/make-folder.js";
import type { OutputFormat } from "../stages/page.js";
import { BatchError } from "./batch-error.js";
import { formatByName, isArchiveName, isWritableArchiveName, OUTPUT_ENDINGS } from "./file-kinds.js";
import type { NamedInput } from "./find-files.js";

/** What `--output` asks for. Paths are real as far as they exist. */
export type OutputTarget =
  | { readonly is: "image"; readonly path: string; readonly format: OutputFormat }
  | { readonly is: "archive"; readonly path: string; readonly format: OutputFormat }
  | { readonly is: "folder"; readonly path: string; readonly format: OutputFormat };

/** What pages in folders and archives are written as where nobody says it: much smaller than PNG at no visible loss. */
const USUAL_FORMAT: OutputFormat = "webp";

/** The real path of something that need not be there yet. */
async function realOutput(path: string): Promise<string> {
  const absolute = resolve(path);
  if (absolute === dirname(absolute)) return absolute;
  return realpath(absolute).catch(async () => join(await realOutput(dirname(absolute)), basename(absolute)));
}

function isOneImage(inputs: readonly NamedInput[]): boolean {
  const [only, ...others] = inputs;
  return only?.is === "file" && others.length === 0 && !isArchiveName(only.file.path);
}

/**
 * Tells by the name and by what is there: a folder, or a name that ends with "/" or says nothing, is a folder; .cbz and
 * .zip are archives; an image's ending is that image.
 *
 * @param format what `--format` says, null for nothing
 * @throws {UpscalerError} unsupported_option: the name does not say a format that can be written
 * @throws {BatchError} output_conflict: several pages for one image file
 */
export async function chooseTarget(
  output: string,
  format: OutputFormat | null,
  inputs: readonly NamedInput[],
): Promise<OutputTarget> {
  const path = await realOutput(output);
  if (output.endsWith("/") || (await isFolder(path)))
    return { is: "folder", path, format: format ?? USUAL_FORMAT };
  if (isWritableArchiveName(path)) return { is: "archive", path, format: format ?? USUAL_FORMAT };
  const byName = formatByName(path);
  if (isOneImage(inputs)) {
    const chosen = format ?? byName;
    if (chosen === null) throw unknownEnding(output);
    return { is: "image", path, format: chosen };
  }
  if (byName !== null) {
    throw new BatchError(
      "output_conflict",
      `expected a folder or a .cbz file for several pages, received ${output}, which holds one`,
    );
  }
  if (isArchiveName(path)) throw unknownEnding(output);
  return { is: "folder", path, format: format ?? USUAL_FORMAT };
}

function unknownEnding(output: string): UpscalerError {
  const known = [...OUTPUT_ENDINGS, ".cbz", ".zip"].join(", ");
  return new UpscalerError(
    "unsupported_option",
    `expected ${output} to end with one of ${known}, received '${extname(output)}'; --format names the format, a "/" at the end makes it a folder`,
  );
}
