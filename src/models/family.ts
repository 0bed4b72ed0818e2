import { type BlobShape, traceShapes } from "./blob-shapes.js";
import { findGlobalPools, type GlobalPool } from "./global-pools.js";
import { ModelError } from "./model-error.js";
import { multiplicationsPerPixel } from "./network-cost.js";
import type { Graph } from "./param-file.js";
import { analyseField, type FieldGeometry } from "./receptive-field.js";
import { type TensorFootprint, tensorFootprint } from "./tensor-footprint.js";
import { isInt8 } from "./weight-layout.js";

/**
 * Kinds of networks by what their graphs are made of:
 * - plain: convolutions with the activation fused into them, a pixel shuffle, the nearest-upscaled input added
 * - compact: the same with PReLU layers of their own (SRVGGNetCompact)
 * - span: parameter-free attention, x * (sigmoid(x) - 0.5)
 * - realcugan, waifu2x: networks without inner padding, which consume the border of their input
 * - generic: anything else that can be run in tiles
 */
export const MODEL_FAMILIES = ["plain", "compact", "span", "realcugan", "waifu2x", "generic"] as const;
export type ModelFamily = (typeof MODEL_FAMILIES)[number];

/** "kept": the network pads inside and keeps size. "consumed": its output lacks `pixels` input pixels on each side. */
export interface ModelPadding {
  readonly mode: "kept" | "consumed";
  readonly pixels: number;
}

/** What running a network takes, all of it read from its graph. */
export interface NetworkDescription extends TensorFootprint {
  readonly family: ModelFamily;
  readonly scale: number;
  readonly inputBlob: string;
  readonly outputBlob: string;
  readonly padding: ModelPadding;
  /**
   * Input pixels on each side of a tile that must be given along for its output to be that of the whole image: the
   * receptive radius, at least `padding.pixels`, lengthened so that `overlap - padding.pixels` is a multiple of
   * `alignment`.
   */
  readonly overlap: number;
  /** Input pixels that the receptive field reaches beyond an output pixel's own input pixel, the farthest side. */
  readonly receptiveRadius: number;
  /** Tiles start at multiples of this, and their length without overlap is one, in input pixels. */
  readonly alignment: number;
  /** "nearest": the network gives a difference to which the nearest-upscaled input must be added. */
  readonly residual: "none" | "nearest";
  /** A global mean feeds back into the image: `globalPools` is not empty. */
  readonly globalContext: boolean;
  /** In the graph's order. */
  readonly globalPools: readonly GlobalPool[];
  /** What lies outside of the page, as the programs do that the family was published with. */
  readonly edges: "mirror" | "replicate";
  /** Distinct layer types of the graph, sorted. */
  readonly layerTypes: readonly string[];
  /** Layers that are computed with 8-bit integers, whichever way their weights are stored. */
  readonly int8Layers: number;
  /** Of weights, per input pixel. */
  readonly multiplicationsPerPixel: number;
}

const CHANNELS = 3;

/** Which blobs the published families read and write. */
const BLOBS_OF_FAMILIES = [
  { family: "realcugan", input: "in0", output: "out0" },
  { family: "waifu2x", input: "Input1", output: "Eltwise4" },
] as const;

/**
 * @throws {ModelError} not one image in and one image out, or a network that cannot be run in tiles
 */
export function describeNetwork(graph: Graph): NetworkDescription {
  const inputBlob = findInput(graph);
  const outputBlob = findOutput(graph);
  const field = analyseField(graph, inputBlob, outputBlob);
  const family = recogniseFamily(graph, inputBlob, outputBlob, field);
  const shapes = traceShapes(graph, inputBlob);
  expectColours(shapes, outputBlob);
  const { context, consumed, alignment } = field;
  const receptiveRadius = Math.max(context.left, context.right, context.top, context.bottom);
  const beyondConsumed = Math.max(receptiveRadius - consumed, 0);
  return {
    family,
    scale: field.scale,
    inputBlob,
    outputBlob,
    padding: { mode: consumed === 0 ? "kept" : "consumed", pixels: consumed },
    overlap: consumed + Math.ceil(beyondConsumed / alignment) * alignment,
    receptiveRadius,
    alignment,
    // The published 4x network leaves this addition to the program that runs it; nothing in the graph says so.
    residual: family === "realcugan" && field.scale === 4 ? "nearest" : "none",
    globalContext: field.globalContext,
    globalPools: findGlobalPools(graph, shapes),
    edges: family === "waifu2x" ? "replicate" : "mirror",
    layerTypes: [...new Set(graph.layers.map(({ type }) => type))].sort(),
    int8Layers: graph.layers.filter(isInt8).length,
    multiplicationsPerPixel: multiplicationsPerPixel(graph, shapes),
    ...tensorFootprint(graph, shapes),
  };
}

function findInput(graph: Graph): string {
  const inputs = graph.layers.filter((layer) => layer.type === "Input");
  const [layer, ...others] = inputs;
  const [blob, ...otherBlobs] = layer?.outputs ?? [];
  if (layer === undefined || blob === undefined || others.length + otherBlobs.length > 0) {
    throw new ModelError(
      `expected a network with one Input layer of one blob, received ${inputs.length} layers`,
    );
  }
  const channels = layer.params.int(2, 3);
  if (channels !== CHANNELS && channels !== 0) {
    throw new ModelError(`expected a network for 3 channels (RGB), received one for ${channels}`);
  }
  return blob;
}

function findOutput(graph: Graph): string {
  const [blob, ...others] = graph.outputs;
  if (blob === undefined || others.length > 0) {
    throw new ModelError(
      `expected a network with one output blob, received ${graph.outputs.length}: ${graph.outputs.slice(0, 8).join(", ")}`,
    );
  }
  return blob;
}

function expectColours(shapes: ReadonlyMap<string, BlobShape>, outputBlob: string): void {
  const channels = shapes.get(outputBlob)?.channels;
  if (channels !== CHANNELS)
    throw new ModelError(`expected a network that gives ${CHANNELS} channels (RGB), received ${channels}`);
}

function recogniseFamily(
  graph: Graph,
  inputBlob: string,
  outputBlob: string,
  field: FieldGeometry,
): ModelFamily {
  if (field.consumed > 0) {
    const named = BLOBS_OF_FAMILIES.find(({ input, output }) => input === inputBlob && output === outputBlob);
    return named?.family ?? "generic";
  }
  const types = new Set(graph.layers.map((layer) => layer.type));
  if (types.has("Sigmoid") && types.has("Concat") && types.has("PixelShuffle")) return "span";
  const ofResidual = ["Input", "Split", "Convolution", "PixelShuffle", "Interp", "BinaryOp"];
  const consistsOf = (allowed: readonly string[]): boolean =>
    [...types].every((type) => allowed.includes(type));
  if (!types.has("PixelShuffle") || !types.has("Interp")) return "generic";
  if (consistsOf(ofResidual)) return "plain";
  return consistsOf([...ofResidual, "PReLU"]) ? "compact" : "generic";
}
