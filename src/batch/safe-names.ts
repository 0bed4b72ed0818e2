import { extname } from "node:path";
import { BatchError } from "./batch-error.js";

/** Bytes of UTF-8 that Linux's file systems take for one name. */
const MAX_NAME_BYTES = 255;
const MAX_PATH_BYTES = 2048;
const MAX_DEPTH = 64;

/** Nothing that a terminal or a reader would act on: controls, and marks that turn the direction of writing. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
const HARMFUL = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Devices of Windows, which comics are carried to. */
const RESERVED = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i;

function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}

/** @returns the text with U+FFFD for halves of characters, as UTF-8 has it */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

/** @returns the name with the end of its stem left out where it is too long; its ending stays */
export function shortenName(name: string, most = MAX_NAME_BYTES): string {
  if (bytesOf(name) <= most) return name;
  const ending = bytesOf(extname(name)) < most / 2 ? extname(name) : "";
  const stem = Buffer.from(name.slice(0, name.length - ending.length)).subarray(0, most - bytesOf(ending));
  // A character that was cut in two is left out.
  return new TextDecoder().decode(stem, { stream: true }) + ending;
}

function harmlessName(name: string): string {
  const shown = wellFormed(name).replace(HARMFUL, "_");
  return shortenName(RESERVED.test(shown) ? `_${shown}` : shown);
}

function unsafe(name: string, reason: string): BatchError {
  const shown = shortenName(wellFormed(name).replace(HARMFUL, "_"), 120);
  return new BatchError("name_unsafe", `expected a path inside the archive, received '${shown}': ${reason}`);
}

/**
 * Takes the name of an archive's entry for what it may be: a path below some folder. Odd but harmless names are made
 * usable: characters that act on a terminal become "_", long names are cut, devices of Windows get a "_" in front.
 *
 * @param name as stored; "/" and "\" separate its parts
 * @returns parts joined by "/"
 * @throws {BatchError} name_unsafe: absolute, with a drive, "..", NUL, or without end
 */
export function safeEntryPath(name: string): string {
  const slashed = name.replaceAll("\\", "/");
  if (slashed.includes("\0")) throw unsafe(name, "it holds a NUL");
  if (slashed.startsWith("/")) throw unsafe(name, "it is absolute");
  if (/^[A-Za-z]:/.test(slashed)) throw unsafe(name, "it names a drive");
  const parts = slashed.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw unsafe(name, "it leads out of its folder");
  if (parts.length === 0) throw unsafe(name, "it is empty");
  const path = parts.map(harmlessName).join("/");
  if (parts.length > MAX_DEPTH || bytesOf(path) > MAX_PATH_BYTES) throw unsafe(name, "it is too long");
  return path;
}
