import path from "node:path";

/** The project's root folder. */
export const ROOT = path.resolve(import.meta.dirname, "../..");

/** What the set-up remembers about this tree; ignored by git and safe to delete. */
export const SETUP_DIR = path.join(ROOT, ".setup");

/** Where the ncnn that the addon links to is written down, for binding.gyp. */
export const NCNN_RECORD = path.join(SETUP_DIR, "ncnn.json");
