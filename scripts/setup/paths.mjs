import os from "node:os";
import path from "node:path";

/** The project's root folder. */
export const ROOT = path.resolve(import.meta.dirname, "../..");

/** What the set-up remembers about this tree; ignored by git and safe to delete. */
export const SETUP_DIR = path.join(ROOT, ".setup");

/** Where the ncnn that the addon links to is written down, for binding.gyp. */
export const NCNN_RECORD = path.join(SETUP_DIR, "ncnn.json");

/** Likewise for libwebp; the record is null where there is none. */
export const LIBWEBP_RECORD = path.join(SETUP_DIR, "libwebp.json");

/** @param {string} folder @returns {string} as a person would write it */
export function withTilde(folder) {
  const home = os.homedir();
  return folder.startsWith(`${home}/`) ? `~${folder.slice(home.length)}` : folder;
}
