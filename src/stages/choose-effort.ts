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

/**
 * Chooses the time that an encoder may take for smaller files by who would wait for it: nobody may wait for bytes while
 * somebody looks, or while encoders are what the other pages wait for.
 *
 * @param load before this page
 * @param priority 0 prefetch, 1 normal, 2 visible
 * @returns 0 to 6
 */
export function chooseEffort({ encoders, busy, waiting }: EncoderLoad, priority: number): number {
  const share = (busy + waiting + 1) / encoders;
  if (priority >= PRIORITY.visible || share > BUSY_SHARE) return FASTEST;
  return priority <= PRIORITY.prefetch && share <= IDLE_SHARE ? THOROUGH : BALANCED;
}
