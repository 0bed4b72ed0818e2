import type { BlobShape } from "./blob-shapes.js";
import type { Graph, Layer } from "./param-file.js";

/** Layers with weights that slide over an image, and which side's positions count their uses. */
const SLIDING: ReadonlyMap<string, "input" | "output"> = new Map([
  ["Convolution", "output"],
  ["ConvolutionDepthWise", "output"],
  // Each input element meets every weight of its channel.
  ["Deconvolution", "input"],
  ["DeconvolutionDepthWise", "input"],
]);

const WEIGHT_COUNT_KEY = 6;

/**
 * @param shapes of all blobs of `graph`
 * @returns multiplications of weights per input pixel, as a direct convolution does them: Winograd's need fewer
 */
export function multiplicationsPerPixel(graph: Graph, shapes: ReadonlyMap<string, BlobShape>): number {
  const ofLayer = (layer: Layer): number => {
    const side = SLIDING.get(layer.type);
    if (side === undefined) return 0;
    const shape = shapes.get((side === "input" ? layer.inputs : layer.outputs)[0] ?? "");
    const positions = shape ? shape.floatsPerPixel / shape.channels : 0;
    return layer.params.int(WEIGHT_COUNT_KEY, 0) * positions;
  };
  return graph.layers.reduce((sum, layer) => sum + ofLayer(layer), 0);
}
