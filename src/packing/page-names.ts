import { basename, extname } from "node:path";
import { UpscalerError } from "../errors.js";
import { extensionOf, numberedName } from "../files/page-file-names.js";
import type { OutputFormat } from "../stages/page.js";
import { describeValue } from "../wire/validate.js";

/** Room for an ending, a strip's number and what a temporary file adds, in the 255 bytes of a file's name. */
const MAX_STEM_BYTES = 200;
const STRIP_DIGITS = 3;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNFIT = /[/\u0000-\u001f\u007f]/;

/**
 * Expects a label that can be the start of a file's name, and of one in the folder that it is put into.
 *
 * @throws {UpscalerError} invalid_request
 */
export function expectFitLabel(label: string): void {
  if (label !== "" && !UNFIT.test(label) && Buffer.byteLength(label) <= MAX_STEM_BYTES) return;
  throw new UpscalerError(
    "invalid_request",
    `expected 1 to ${MAX_STEM_BYTES} bytes without '/' and control characters as the label of a page, received ${describeValue(label)}`,
  );
}

/**
 * @param files paths
 * @returns what each page is called after it was upscaled: the file's name without its ending
 * @throws {UpscalerError} invalid_request: two of them, or one that cannot be used
 */
export function labelsOf(files: readonly string[]): readonly string[] {
  const owners = new Map<string, string>();
  return files.map((file) => {
    const label = basename(file, extname(file));
    expectFitLabel(label);
    const owner = owners.get(label);
    if (owner !== undefined) {
      throw new UpscalerError(
        "invalid_request",
        `expected files whose results have different names, received ${owner} and ${file}: pack them apart`,
      );
    }
    owners.set(label, file);
    return label;
  });
}

/**
 * @param strip its place among the strips of the page; null for a whole page
 * @returns the name of the file for an answer
 * @throws {UpscalerError} invalid_request: a label that is no file's name
 */
export function fileNameFor(
  {
    id,
    label,
    format,
  }: { readonly id: number; readonly label?: string | undefined; readonly format: OutputFormat },
  strip: number | null,
): string {
  if (label !== undefined) expectFitLabel(label);
  const extension = extensionOf(format);
  const stem = label ?? basename(numberedName(id, format), extension);
  return `${stem}${strip === null ? "" : `-strip-${String(strip).padStart(STRIP_DIGITS, "0")}`}${extension}`;
}
