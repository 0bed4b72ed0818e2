import { extname } from "node:path";
import type { OutputFormat } from "../stages/page.js";

/** The last line cannot be decoded, but a reader's user counts them as pages: they are reported, not passed over. */
const PAGE_ENDINGS: ReadonlySet<string> = new Set([
  ...[".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".avif", ".tif", ".tiff"],
  ...[".bmp", ".jxl", ".jp2", ".heic", ".heif"],
]);

const ARCHIVE_ENDINGS: ReadonlySet<string> = new Set([".cbz", ".zip", ".cbr", ".rar", ".cb7", ".7z"]);

const FORMAT_OF_ENDING: Readonly<Record<string, OutputFormat>> = {
  ".webp": "webp",
  ".jpg": "jpeg",
  ".jpeg": "jpeg",
  ".png": "png",
};

const ENDING_OF_FORMAT: Readonly<Record<OutputFormat, string>> = {
  webp: ".webp",
  jpeg: ".jpg",
  png: ".png",
};

/** Endings that name the format of an output. */
export const OUTPUT_ENDINGS: readonly string[] = Object.keys(FORMAT_OF_ENDING);

function endingOf(path: string): string {
  return extname(path).toLowerCase();
}

/** @returns whether a file is a page, by its name; "._1.jpg" and "__MACOSX/" hold what macOS knows of files, no images */
export function isPageName(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return PAGE_ENDINGS.has(endingOf(name)) && !name.startsWith("._") && !/(^|\/)__MACOSX\//.test(path);
}

export function isArchiveName(path: string): boolean {
  return ARCHIVE_ENDINGS.has(endingOf(path));
}

/** @returns null for a name that does not say a format that can be written */
export function formatByName(path: string): OutputFormat | null {
  return FORMAT_OF_ENDING[endingOf(path)] ?? null;
}

/** @returns whether a name asks for an archive that can be written */
export function isWritableArchiveName(path: string): boolean {
  return [".cbz", ".zip"].includes(endingOf(path));
}

/** @returns the path without the ending of its last part */
export function withoutEnding(path: string): string {
  return path.slice(0, path.length - extname(path).length);
}

/** @returns the name that an archive has once it is written: CBZ, or ZIP where it was called so */
export function archiveOutputName(path: string): string {
  return endingOf(path) === ".zip" ? path : `${withoutEnding(path)}.cbz`;
}

/** @returns what an upscaled page may be called, the first choice first; an ending that says the format stays as it is */
export function pageOutputNames(path: string, format: OutputFormat): readonly string[] {
  const ending = ENDING_OF_FORMAT[format];
  const replaced = formatByName(path) === format ? path : withoutEnding(path) + ending;
  return [replaced, path + ending];
}
