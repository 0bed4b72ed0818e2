import { type ComparedPage, GATE_WITH_MARGIN, passes, worstOf } from "./gate.js";
import type { InputThresholds } from "./int8-model.js";

/** Compares the model in which these layers are int8 with the float one. */
export type TryLayers = (thresholds: InputThresholds) => Promise<readonly ComparedPage[]>;

export interface ChosenLayers {
  /** Of the layers that become int8; empty when none may. */
  readonly thresholds: InputThresholds;
  /** PSNR in dB of the worst page with this layer alone in int8; empty when all layers together passed. */
  readonly alone: ReadonlyMap<string, number>;
}

/**
 * Makes every layer int8, and puts layers back, the one first that does the most damage alone, until what is left passes the
 * gate with a margin.
 */
export async function chooseLayers(all: InputThresholds, tryLayers: TryLayers): Promise<ChosenLayers> {
  if (passes(await tryLayers(all), GATE_WITH_MARGIN)) return { thresholds: all, alone: new Map() };
  const alone = new Map<string, number>();
  for (const [name, threshold] of all) {
    alone.set(name, worstOf(await tryLayers(new Map([[name, threshold]]))).psnrDb);
  }
  const worstFirst = [...alone].sort(([, a], [, b]) => a - b).map(([name]) => name);
  const left = new Map(all);
  for (const name of worstFirst) {
    left.delete(name);
    if (left.size === 0 || passes(await tryLayers(left), GATE_WITH_MARGIN)) break;
  }
  return { thresholds: left, alone };
}
