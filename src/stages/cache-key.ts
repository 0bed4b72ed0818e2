import { createHash, webcrypto } from "node:crypto";
import type { PageOptions } from "./job.js";

/** What a result depends on beside the input and the options. */
export interface CacheKeyContext {
  /** Of the model's files, hexadecimal. */
  readonly modelSha256: string;
  /** Of this program: another version may encode or upscale differently. */
  readonly programVersion: string;
}

/**
 * A name for a result under which it can be kept: equal for equal input, model, options and program version, and
 * different (SHA-256) as soon as one of them differs. Priority, deadline and the like do not count.
 *
 * @param data the encoded input; hashed outside the main thread
 * @returns 64 hexadecimal digits
 */
export async function cacheKey(
  data: Uint8Array,
  options: PageOptions,
  context: CacheKeyContext,
): Promise<string> {
  const digest = await webcrypto.subtle.digest("SHA-256", data);
  // Every option by name, so that a new one cannot be forgotten without the compiler saying so.
  const {
    model: _,
    noise: __,
    scale,
    tile,
    fit,
    format,
    quality,
    effort,
    lossless,
    strips,
    ...others
  } = options;
  others satisfies Record<string, never>;
  const parts = [
    ...[Buffer.from(digest).toString("hex"), context.modelSha256, context.programVersion],
    ...[scale, tile, fit?.width ?? null, fit?.height ?? null, format, quality, effort, lossless, strips],
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
