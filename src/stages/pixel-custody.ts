import type { Page } from "./page.js";

/** Gives memory that is not JavaScript's own back; the page has no pixels any more. */
export function releasePixels({ colour, alpha }: Page): void {
  colour.release?.();
  alpha?.release?.();
}

/** Pages between two stages, where nobody but an abort can make them of no use: their pixels are given back then. */
export class PixelCustody {
  readonly #kept = new WeakMap<Page, () => void>();

  /**
   * @param letGo settles when those who read the pixels already do not any more
   * @throws the signal's reason when it is aborted already; the pixels are given back
   */
  keep(page: Page, signal: AbortSignal, letGo?: () => Promise<void>): void {
    const release = (): void => {
      if (letGo === undefined) releasePixels(page);
      else void letGo().then(() => releasePixels(page));
    };
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
