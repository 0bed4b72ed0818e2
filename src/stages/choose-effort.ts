import { PRIORITY } from "../../protocol/client-messages.js";
import type { EncoderLoad } from "./encoders.js";

/** WebP's method, 0 to 6; JPEG knows 0 and more. Levels between these and beyond are no better trade: docs/encoding.md has the figures. */
const FASTEST = 0;
const BALANCED = 2;
const THOROUGH = 3;

/** Share of the encoders from which on they are what pages wait for: the others' cores have pages to decode. */
const BUSY_SHARE = 3 / 4;

/** Share of the encoders up to which the time of one more thorough page is nobody's. */
const IDLE_SHARE = 1 / 2;

/** Weight of one page in the mean: a burst's first pages, which find the encoders idle, must not outweigh the one before. */
const NEWEST_WEIGHT = 1 / 32;

/**
 * Chooses the time that an encoder may take for smaller files by who would wait for it: nobody may wait for bytes while
 * somebody looks, or while encoders are what the other pages wait for. The first pages of a burst find all encoders idle,
 * though others come behind them as fast as the engine can make them; so where more pages are coming, what such
 * pages have found before counts as well.
 */
export class EffortChoice {
  /** Mean share of the encoders that pages found with others behind them. */
  #usualShare = 0;

  /**
   * @param load before this page
   * @param priority 0 prefetch, 1 normal, 2 visible
   * @param moreToCome whether the decode stage is full, so that other pages come behind this one
   * @returns 0 to 6
   */
  choose({ encoders, busy, waiting }: EncoderLoad, priority: number, moreToCome: boolean): number {
    let share = (busy + waiting + 1) / encoders;
    if (moreToCome) {
      this.#usualShare += (share - this.#usualShare) * NEWEST_WEIGHT;
      share = Math.max(share, this.#usualShare);
    }
    if (priority >= PRIORITY.visible || share > BUSY_SHARE) return FASTEST;
    return priority <= PRIORITY.prefetch && share <= IDLE_SHARE ? THOROUGH : BALANCED;
  }
}
