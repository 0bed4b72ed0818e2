/** The scale of the models that can be run twice; a second pass of any other would give more than is ever asked for. */
const TWICE_SCALE = 2;
/** What two passes of it serve. */
const BY_TWO_PASSES: readonly number[] = [3, 4];

/** How a page gets to its scale. Each number is a factor of the input's sides. */
export interface Enlargement {
  /** Of the result, before `fit`. */
  readonly scale: number;
  /** Of what the network makes in the end; shrunk where that is more than `scale`. */
  readonly made: number;
  /** Of the image between two passes of the network, which the second one reads; null for a single pass. */
  readonly between: number | null;
}

/** @returns the scales that a model can serve, its own first */
export function scalesOf(modelScale: number): readonly number[] {
  return [modelScale, ...(modelScale === TWICE_SCALE ? BY_TWO_PASSES : [])];
}

/** @returns null when a model cannot serve the scale */
export function enlargementTo(scale: number, modelScale: number): Enlargement | null {
  if (scale === modelScale) return { scale, made: scale, between: null };
  if (!scalesOf(modelScale).includes(scale)) return null;
  return { scale, made: modelScale ** 2, between: modelScale };
}

/** @returns for people: what a model gives in one pass, and what in two */
export function describeScales(modelScale: number): string {
  const [own, ...twice] = scalesOf(modelScale);
  const also = twice.map((scale) => `${scale}x`).join(" and ");
  return twice.length === 0 ? `${own}x` : `${own}x; ${also} in two passes`;
}
