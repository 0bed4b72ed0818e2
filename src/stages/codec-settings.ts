import { sharp } from "./sharp.js";

/** libvips' names of the readers behind the formats that sniff-format.ts lets through; from memory, never from files. */
const ALLOWED_LOADERS = ["Jpeg", "Png", "Webp", "Nsgif", "Heif", "Tiff"].map(
  (format) => `VipsForeignLoad${format}Buffer`,
);

/**
 * Settles how the codecs behave for the whole process. To be called once, before the first image; calling it again
 * changes nothing.
 */
export function configureCodecs(): void {
  // Pages hardly ever repeat, and a cache of decoded images would be memory that no bound of ours counts.
  sharp.cache(false);
  // Pages run side by side on libuv's threads: more threads inside one page would only compete with the other pages.
  sharp.concurrency(1);
  // Whatever gets past the signature check must not reach a reader that can open files, run scripts or fetch things.
  sharp.block({ operation: ["VipsForeignLoad"] });
  sharp.unblock({ operation: ALLOWED_LOADERS });
}
