import { MAX_FRAME_BYTES } from "../../protocol/limits.js";

const MIB = 2 ** 20;

/** As much as a page may have that comes over the wire. */
export const MAX_ENTRY_BYTES = MAX_FRAME_BYTES;

/** Entries of one archive; the largest comics have a few thousand. */
export const MAX_ENTRIES = 100_000;

/** What an archive may grow to before its compression is looked at, and how many times its size beyond that. */
export const UNSUSPICIOUS_BYTES = 1024 * MIB;
export const MAX_EXPANSION = 100;

/** An archive that must be whole in memory to be read; its own format allows no other way. */
export const MAX_ARCHIVE_IN_MEMORY = 512 * MIB;
