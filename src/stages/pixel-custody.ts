import type { Page } from "./page.js";

/** Gives memory that is not JavaScript's own back; the page has no pixels any more. */
export function releasePixels({ colour, alpha }: Page): void {
  colour.release?.();
  alpha?.release?.();
}

/** Pages between two stages, where nobody but an abort can make them of no use: their pixels are given back then. */
export class PixelCustody {
  readonly #kept = new WeakMap<Page, () => void>();

  /** @throws the signal's reason when it is aborted already; the pixels are given back */
  keep(page: Page, signal: AbortSignal): void {
    const release = (): void => releasePixels(page);
    if (signal.aborted) {
      release();
      signal.throwIfAborted();
    }
    signal.addEventListener("abort", release, { once: true });
    this.#kept.set(page, () => signal.removeEventListener("abort", release));
  }

  /** The caller gives the pixels back from now on. */
  take(page: Page): void {
    this.#kept.get(page)?.();
    this.#kept.delete(page);
  }
}
