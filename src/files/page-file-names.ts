import type { OutputFormat } from "../stages/page.js";

const DIGITS = 4;

export function extensionOf(format: OutputFormat): string {
  return format === "jpeg" ? ".jpg" : `.${format}`;
}

/** @returns the name of a file for a page that has none of its own */
export function numberedName(number: number, format: OutputFormat): string {
  return `page-${String(number).padStart(DIGITS, "0")}${extensionOf(format)}`;
}
