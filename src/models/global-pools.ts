import type { BlobShape } from "./blob-shapes.js";
import { equal } from "./fraction.js";
import { ModelError } from "./model-error.js";
import type { Graph } from "./param-file.js";

/** A blob that a global pooling layer writes: for a page in tiles its value is gathered over the whole page. */
export interface GlobalPool {
  /** Written by the pooling layer. */
  readonly pooled: string;
  /** What it averages. */
  readonly source: string;
  /** Channels of both. */
  readonly channels: number;
  /** Input pixels per pixel of `source`, as a fraction in lowest terms. */
  readonly strideNumerator: number;
  readonly strideDenominator: number;
}

/**
 * Finds the layers whose result depends on all of the image: the squeeze of squeeze-and-excitation (Hu et al.,
 * "Squeeze-and-Excitation Networks", 2018). Their geometry has been checked: they average.
 *
 * @param shapes of all blobs of `graph`
 * @returns the pools in the graph's order
 * @throws {ModelError} a source whose elements lie differently far apart along the two axes
 */
export function findGlobalPools(graph: Graph, shapes: ReadonlyMap<string, BlobShape>): readonly GlobalPool[] {
  const pools: GlobalPool[] = [];
  for (const { type, name, inputs, outputs } of graph.layers) {
    const [source = "", pooled = ""] = [inputs[0], outputs[0]];
    const from = shapes.get(source);
    if (type !== "Pooling" || !from?.steps || shapes.get(pooled)?.steps !== null) continue;
    const { x, y } = from.steps;
    if (!equal(x, y)) {
      throw new ModelError(
        `expected the input of the global mean ${name} to have one stride, received ${x.n}/${x.d} along x and ${y.n}/${y.d} along y`,
      );
    }
    pools.push({ pooled, source, channels: from.channels, strideNumerator: x.n, strideDenominator: x.d });
  }
  return pools;
}
