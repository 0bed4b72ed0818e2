import type { ResolvedModel } from "../models/catalogue.js";
import type { NcnnEngine } from "./ncnn-engine.js";
import type { Probe } from "./precision-choice.js";
import { WHOLE_IMAGE } from "./tile-size.js";

const never = new AbortController().signal;

/**
 * A loaded GPU engine as the choice of an arithmetic measures it. Its time is that of the network alone: pixels cross
 * the same way in each, and on a small page would hide the differences.
 */
export function engineProbe(
  engine: NcnnEngine,
  { overlap, alignment }: Pick<ResolvedModel, "overlap" | "alignment">,
): Probe {
  const inputLength = (length: number) => Math.ceil(length / alignment) * alignment + 2 * overlap;
  return {
    upscale: async (page) => {
      const { image } = await engine.upscale(page, { tile: WHOLE_IMAGE, signal: never });
      const [ms = Number.NaN] = await engine.timeNetwork(
        inputLength(page.width),
        inputLength(page.height),
        1,
      );
      const data = Uint8Array.from(image.data);
      image.release?.();
      return { data, ms };
    },
    close: () => engine.close(),
  };
}
