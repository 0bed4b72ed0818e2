import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, UpscalerError } from "../errors.js";
import { PACKAGE_ROOT } from "../package-root.js";

/** The page that comes with the program. */
export const SAMPLE_PAGE = join(PACKAGE_ROOT, "assets", "sample-page", "page.jpg");

/**
 * @returns the files' bytes; those of the page that comes with the program when none is named
 * @throws {UpscalerError} invalid_request: a file that cannot be read
 */
export function readPages(paths: readonly string[]): Promise<Uint8Array[]> {
  return Promise.all((paths.length > 0 ? paths : [SAMPLE_PAGE]).map(readPage));
}

/** @throws {UpscalerError} invalid_request: a file that cannot be read */
export async function readPage(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new UpscalerError("invalid_request", `cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
}
