import { ModelError } from "./model-error.js";
import type { Layer } from "./param-file.js";

/** A run of numbers that a layer reads from the .bin file. */
export interface WeightBlock {
  readonly what: string;
  readonly count: number;
  /** "tagged": four bytes before the data tell how it is stored. "fp32": bare 32-bit floats. */
  readonly storage: "tagged" | "fp32";
  /** The layer can calculate with 8-bit integers, for which it stores scales. */
  readonly takesInt8: boolean;
}

type Layout = (layer: Layer, inputChannels: number) => readonly WeightBlock[];

const bare = (what: string, count: number): WeightBlock => ({
  what,
  count,
  storage: "fp32",
  takesInt8: false,
});

/** @throws {ModelError} the layer says to read another number of weights than its shape has */
function weights(layer: Layer, key: number, count: number, takesInt8: boolean): WeightBlock {
  const stated = layer.params.int(key, 0);
  if (stated !== count) {
    throw new ModelError(
      `expected layer ${layer.name} (${layer.type}) to have ${count} weights (parameter ${key}), received ${stated}`,
    );
  }
  return { what: "weights", count, storage: "tagged", takesInt8 };
}

function bias(layer: Layer, key: number, count: number): readonly WeightBlock[] {
  return layer.params.int(key, 0) === 0 ? [] : [bare("bias", count)];
}

const kernelArea = ({ params }: Layer): number => {
  const width = params.int(1, 0);
  return width * params.int(11, width);
};

const INT8_TERM_KEY = 8;

/** Above this, ncnn's mark for stored int8 scales also asks for the scale of the output. */
const WITH_OUTPUT_SCALE = 100;

/** @param weightScales how many scales the weights have */
function int8Scales(term: number, weightScales: number): readonly WeightBlock[] {
  if (term === 0) return [];
  const scales = [bare("int8 scales of the weights", weightScales), bare("int8 scale of the input", 1)];
  return term > WITH_OUTPUT_SCALE ? [...scales, bare("int8 scale of the output", 1)] : scales;
}

const INT8_TYPES: ReadonlySet<string> = new Set(["Convolution", "ConvolutionDepthWise", "InnerProduct"]);

/** @returns whether a layer stores scales: ncnn computes it with 8-bit integers then */
export function isInt8({ type, params }: Layer): boolean {
  return INT8_TYPES.has(type) && params.int(INT8_TERM_KEY, 0) !== 0;
}

const convolution: Layout = (layer, inputs) => {
  const outputs = layer.params.int(0, 0);
  const term = layer.params.int(INT8_TERM_KEY, 0);
  const kernel = weights(layer, 6, outputs * inputs * kernelArea(layer), term !== 0);
  return [kernel, ...bias(layer, 5, outputs), ...int8Scales(term, outputs)];
};

/** Marks of a grouped convolution whose scales are one a group, or one for all. */
const SCALE_A_GROUP: readonly number[] = [1, 101];
const ONE_SCALE: readonly number[] = [2, 102];

const depthWiseConvolution: Layout = (layer, inputs) => {
  const [outputs, groups] = [layer.params.int(0, 0), layer.params.int(7, 1)];
  const term = layer.params.int(INT8_TERM_KEY, 0);
  if (![0, ...SCALE_A_GROUP, ...ONE_SCALE].includes(term))
    throw new ModelError(`expected a known kind of int8 scales in layer ${layer.name}, received ${term}`);
  const kernel = weights(layer, 6, (outputs / groups) * inputs * kernelArea(layer), term !== 0);
  const scales = int8Scales(term, SCALE_A_GROUP.includes(term) ? groups : 1);
  return [kernel, ...bias(layer, 5, outputs), ...scales];
};

const deconvolution: Layout = (layer, inputs) => {
  const outputs = layer.params.int(0, 0);
  const count = outputs * inputs * kernelArea(layer);
  return [weights(layer, 6, count, false), ...bias(layer, 5, outputs)];
};

const depthWiseDeconvolution: Layout = (layer, inputs) => {
  const [outputs, groups] = [layer.params.int(0, 0), layer.params.int(7, 1)];
  const count = (outputs / groups) * inputs * kernelArea(layer);
  return [weights(layer, 6, count, false), ...bias(layer, 5, outputs)];
};

const innerProduct: Layout = (layer, inputs) => {
  const outputs = layer.params.int(0, 0);
  const term = layer.params.int(INT8_TERM_KEY, 0);
  const matrix = weights(layer, 2, outputs * inputs, term !== 0);
  // Unlike convolutions, it never stores a scale of its output.
  return [matrix, ...bias(layer, 1, outputs), ...int8Scales(Math.min(term, 1), outputs)];
};

const scale: Layout = (layer, inputs) => {
  // A second input brings the factors.
  if (layer.inputs.length > 1) return [];
  return [bare("factors", inputs), ...bias(layer, 1, inputs)];
};

const batchNorm: Layout = (_, inputs) =>
  ["slope", "mean", "variance", "bias"].map((what) => bare(what, inputs));

/** MemoryData's mark for data that has a tag. */
const TAGGED_CONSTANT = 0;
const BARE_CONSTANT = 1;

const memoryData: Layout = (layer) => {
  const count = layer.params.int(2, 1);
  const loadType = layer.params.intWithin(21, BARE_CONSTANT, TAGGED_CONSTANT, BARE_CONSTANT);
  if (loadType === BARE_CONSTANT) return [bare("constant", count)];
  return [{ what: "constant", count, storage: "tagged", takesInt8: false }];
};

const LAYOUTS: ReadonlyMap<string, Layout> = new Map([
  ["Convolution", convolution],
  ["ConvolutionDepthWise", depthWiseConvolution],
  ["Deconvolution", deconvolution],
  ["DeconvolutionDepthWise", depthWiseDeconvolution],
  ["InnerProduct", innerProduct],
  ["PReLU", ({ params }: Layer) => [bare("slopes", params.int(0, 0))]],
  ["Scale", scale],
  ["BatchNorm", batchNorm],
  ["MemoryData", memoryData],
]);

/**
 * What a layer reads from the .bin file, in this order: ncnn's `load_model` of each layer type, release 1.0.20261020.
 *
 * @param inputChannels channels of the layer's first input
 * @throws {ModelError} a number of weights that does not fit the layer's channels and kernel
 */
export function weightBlocks(layer: Layer, inputChannels: number): readonly WeightBlock[] {
  return LAYOUTS.get(layer.type)?.(layer, inputChannels) ?? [];
}
