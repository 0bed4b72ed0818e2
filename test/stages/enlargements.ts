import { type Enlargement, enlargementTo } from "../../src/models/scales.js";

/** @returns how a model gets to a scale that it can serve */
export function enlargementOf(scale: number, modelScale = 2): Enlargement {
  const enlargement = enlargementTo(scale, modelScale);
  if (enlargement === null) throw new Error(`expected a scale of a ${modelScale}x model, received ${scale}`);
  return enlargement;
}
