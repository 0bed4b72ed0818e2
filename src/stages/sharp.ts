import { createRequire } from "node:module";

/**
 * The codecs. Required instead of imported: as ES modules sharp's files and those of its dependencies take twice as long
 * to be read, which every start of a worker waits for.
 */
export const sharp = createRequire(import.meta.url)("sharp") as typeof import("sharp").default;
