import type { BlobShape } from "./blob-shapes.js";
import { ModelError } from "./model-error.js";
import type { Graph, Layer } from "./param-file.js";

/** Memory that running a network takes, in elements (floats) per input pixel; bytes are 4 times, in fp16 2 times that. */
export interface TensorFootprint {
  /** Most elements that blobs hold at the same time, with the padded copy that a convolution makes of its input. */
  readonly tensorFloatsPerPixel: number;
  /** Elements of the transformed input and output of the largest Winograd convolution; 0 without one. */
  readonly winogradFloatsPerPixel: number;
  /** The largest single blob, and the largest single one of Winograd's: devices limit how long one may be. */
  readonly largestBlobFloatsPerPixel: number;
  readonly largestWinogradFloatsPerPixel: number;
}

/** A tile of the smallest useful size then fits into some GiB; published networks stay below 2,000. */
const MAX_FLOATS_PER_PIXEL = 65_536;

/** Layers whose output ncnn writes over their input when nothing else reads that. */
const IN_PLACE_TYPES: ReadonlySet<string> = new Set([
  ...["ReLU", "PReLU", "Clip", "Sigmoid", "Swish", "HardSwish", "HardSigmoid", "Mish", "GELU", "ELU", "TanH"],
  ...["UnaryOp", "BatchNorm", "Noop", "Dropout"],
]);

/** F(4x4, 3x3) turns each 4x4 outputs, and the inputs they take, into 6x6 values. */
const WINOGRAD_GROWTH = 36 / 16;
/** Below this many channels on either side ncnn takes another path. */
const LEAST_WINOGRAD_CHANNELS = 16;

/** Memory of one or more blobs: Split hands the same out again. */
interface Tensor {
  readonly floats: number;
  readers: number;
}

/**
 * Runs the graph in order on sizes alone, as ncnn does in its light mode: a blob is allocated when it is written and
 * freed after its last reader. The growth of Winograd convolutions is that of F(4x4, 3x3) in Lavin and Gray, "Fast
 * Algorithms for Convolutional Neural Networks" (2016). Tiles are taken to be large: borders count as nothing.
 *
 * @param shapes of all blobs of `graph`
 * @throws {ModelError} a network that could not run on any device
 */
export function tensorFootprint(graph: Graph, shapes: ReadonlyMap<string, BlobShape>): TensorFootprint {
  const floatsOf = (blob: string): number => shapes.get(blob)?.floatsPerPixel ?? 0;
  const tensors = new Map<string, Tensor>();
  let live = 0;
  let peak = 0;
  for (const layer of graph.layers) {
    const inputs = layer.inputs.map((blob) => tensors.get(blob)).filter((tensor) => tensor !== undefined);
    const [reused] = inputs;
    const isShared = layer.type === "Split" || (isInPlace(layer) && reused?.readers === 1);
    const written: Tensor[] = [];
    for (const blob of layer.outputs) {
      const tensor = isShared && reused ? reused : { floats: floatsOf(blob), readers: 0 };
      // The last blob of the graph has no reader and stays.
      tensor.readers++;
      tensors.set(blob, tensor);
      if (tensor !== reused) written.push(tensor);
    }
    live += sumOf(written);
    peak = Math.max(peak, live + paddedFloats(layer, floatsOf));
    for (const tensor of inputs) {
      tensor.readers--;
      if (tensor.readers === 0) live -= tensor.floats;
    }
    for (const blob of layer.inputs) tensors.delete(blob);
  }
  if (peak > MAX_FLOATS_PER_PIXEL) {
    throw new ModelError(
      `expected a network that holds at most ${MAX_FLOATS_PER_PIXEL} values per input pixel, received ${Math.ceil(peak)}`,
    );
  }
  const winograd = winogradSides(graph, shapes);
  return {
    tensorFloatsPerPixel: peak,
    winogradFloatsPerPixel: largest(winograd.map(([input, output]) => input + output)),
    largestBlobFloatsPerPixel: largest([...shapes.values()].map(({ floatsPerPixel }) => floatsPerPixel)),
    largestWinogradFloatsPerPixel: largest(winograd.flat()),
  };
}

function sumOf(tensors: readonly Tensor[]): number {
  return tensors.reduce((sum, { floats }) => sum + floats, 0);
}

function isInPlace({ type, inputs, params }: Layer): boolean {
  if (type === "BinaryOp") return params.int(1, 0) !== 0;
  return IN_PLACE_TYPES.has(type) || (type === "Scale" && inputs.length === 1);
}

/** ncnn pads by a copy of its own, which lives as long as the convolution runs. */
function paddedFloats({ type, inputs, params }: Layer, floatsOf: (blob: string) => number): number {
  const isConvolution = type === "Convolution" || type === "ConvolutionDepthWise";
  const pads = isConvolution && [4, 14, 15, 16].some((key) => params.int(key, 0) !== 0);
  return pads ? floatsOf(inputs[0] ?? "") : 0;
}

function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

/** The transformed input and output of each Winograd convolution. */
function winogradSides(
  graph: Graph,
  shapes: ReadonlyMap<string, BlobShape>,
): readonly (readonly [number, number])[] {
  return graph.layers.flatMap((layer) => {
    const [input, output] = [shapes.get(layer.inputs[0] ?? ""), shapes.get(layer.outputs[0] ?? "")];
    if (!isWinograd(layer) || !input || !output) return [];
    const enough = Math.min(input.channels, output.channels) >= LEAST_WINOGRAD_CHANNELS;
    const grown = [input, output].map(({ floatsPerPixel }) => WINOGRAD_GROWTH * floatsPerPixel);
    return enough ? [[grown[0] ?? 0, grown[1] ?? 0] as const] : [];
  });
}

function isWinograd({ type, params }: Layer): boolean {
  if (type !== "Convolution") return false;
  const width = params.int(1, 0);
  const isKernel = width === 3 && params.int(11, width) === 3;
  // Keys of dilation and stride along x, then along y.
  const isDense = [2, 3, 12, 13].every((key) => params.int(key, 1) === 1);
  return isKernel && isDense;
}
