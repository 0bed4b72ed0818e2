import {
  type AxisMap,
  cutMap,
  IDENTITY,
  type Interpolation,
  resizeMap,
  transposedMap,
  windowMap,
} from "./axis-map.js";
import { fraction, fractionOf } from "./fraction.js";
import { ModelError } from "./model-error.js";
import type { Layer } from "./param-file.js";

export type Axis = "x" | "y";

/** What a layer does to positions along one axis. */
export type LayerGeometry =
  /** Every output is computed from the inputs named in `from` by the same map. */
  | { readonly kind: "map"; readonly map: AxisMap; readonly from: "all" | "first" }
  /** One value for the whole image (a global mean), computed from all of it. */
  | { readonly kind: "global" }
  /** One value for the whole image that does not depend on the image. */
  | { readonly kind: "constant" };

/** Lengths of a layer's inputs along the axis; null for inputs that hold one value for the whole image. */
export type InputSizes = readonly (number | null)[];

type Describe = (layer: Layer, axis: Axis, sizes: InputSizes) => LayerGeometry;

// Bounds that no published network comes near; they keep hostile graphs from making the arithmetic inexact.
const MAX_KERNEL = 255;
const MAX_STRIDE = 64;
const MAX_DILATION = 64;
const MAX_PAD = 4096;
const MAX_SHUFFLE = 16;
/** ncnn's marks for padding that is computed from the size, as TensorFlow and ONNX do. */
const SAME_UPPER = -233;
const SAME_LOWER = -234;
/** ncnn's mark for "up to the end" in crops. */
const TO_END = -233;

const mapped = (map: AxisMap): LayerGeometry => ({ kind: "map", map, from: "all" });

function refuse(layer: Layer, what: string): ModelError {
  return new ModelError(`layer ${layer.name} (${layer.type}): ${what} cannot be run in tiles`);
}

/** ncnn keys of x parameters, with the y key whose absence means "as x". */
function alongAxis(
  layer: Layer,
  axis: Axis,
  [xKey, yKey]: readonly [number, number],
  fallback: number,
  most: number,
): number {
  const x = layer.params.intWithin(xKey, fallback, 0, most);
  return axis === "x" ? x : layer.params.intWithin(yKey, x, 0, most);
}

interface PadKeys {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

function pads(layer: Layer, axis: Axis, keys: PadKeys): { padBefore: number; padAfter: number } {
  const pad = (key: number, fallback: number): number =>
    layer.params.intWithin(key, fallback, SAME_LOWER, MAX_PAD);
  const left = pad(keys.left, 0);
  if (axis === "x") return { padBefore: left, padAfter: pad(keys.right, left) };
  const top = pad(keys.top, left);
  return { padBefore: top, padAfter: pad(keys.bottom, top) };
}

function samePadding(
  size: number,
  extent: number,
  stride: number,
  upper: boolean,
): { padBefore: number; padAfter: number } {
  const total = Math.max(extent + Math.floor((size - 1) / stride) * stride - size, 0);
  const [less, more] = [Math.floor(total / 2), Math.ceil(total / 2)];
  return upper ? { padBefore: less, padAfter: more } : { padBefore: more, padAfter: less };
}

function windowOf(layer: Layer, axis: Axis): { extent: number; stride: number } {
  const kernel = alongAxis(layer, axis, [1, 11], 0, MAX_KERNEL);
  const dilation = alongAxis(layer, axis, [2, 12], 1, MAX_DILATION);
  const stride = alongAxis(layer, axis, [3, 13], 1, MAX_STRIDE);
  if (kernel < 1 || stride < 1 || dilation < 1) throw refuse(layer, "a kernel, stride or dilation of 0");
  return { extent: (kernel - 1) * dilation + 1, stride };
}

const CONVOLUTION_PADS: PadKeys = { left: 4, right: 15, top: 14, bottom: 16 };

const convolution: Describe = (layer, axis, [size]) => {
  const { extent, stride } = windowOf(layer, axis);
  const { padBefore, padAfter } = pads(layer, axis, CONVOLUTION_PADS);
  if (padBefore >= 0 && padAfter >= 0) return mapped(windowMap({ extent, stride, padBefore, padAfter }));
  const isSame = (mark: number): boolean => padBefore === mark && padAfter === mark;
  if (!isSame(SAME_UPPER) && !isSame(SAME_LOWER)) throw refuse(layer, "negative padding");
  return mapped(windowMap({ extent, stride, ...samePadding(size ?? 1, extent, stride, isSame(SAME_UPPER)) }));
};

const deconvolution: Describe = (layer, axis) => {
  const { extent, stride } = windowOf(layer, axis);
  const { padBefore, padAfter } = pads(layer, axis, CONVOLUTION_PADS);
  if (padBefore < 0 || padAfter < 0 || layer.params.int(20, 0) !== 0)
    throw refuse(layer, "a fixed output size");
  const outputPad = alongAxis(layer, axis, [18, 19], 0, MAX_PAD);
  return mapped(transposedMap({ extent, stride, padBefore, padAfter, outputPad }));
};

const AVERAGE = 1;

/** A mean over a page in tiles is put together from the tiles' means; no such sum gives a maximum. */
function globalMean(layer: Layer): LayerGeometry {
  if (layer.params.int(0, 0) !== AVERAGE) throw refuse(layer, "a maximum over the whole image");
  return { kind: "global" };
}

const pooling: Describe = (layer, axis, [size]) => {
  if (layer.params.int(4, 0) !== 0) return globalMean(layer);
  if (layer.params.int(7, 0) !== 0) {
    if (layer.params.int(8, 0) === 1 && layer.params.int(18, 1) === 1) return globalMean(layer);
    throw refuse(layer, "adaptive pooling");
  }
  const extent = alongAxis(layer, axis, [1, 11], 0, MAX_KERNEL);
  const stride = alongAxis(layer, axis, [2, 12], 1, MAX_STRIDE);
  if (extent < 1 || stride < 1) throw refuse(layer, "a kernel or stride of 0");
  const mode = layer.params.intWithin(5, 0, 0, 3);
  if (mode >= 2)
    return mapped(windowMap({ extent, stride, ...samePadding(size ?? 1, extent, stride, mode === 2) }));
  const { padBefore, padAfter } = pads(layer, axis, { left: 3, right: 14, top: 13, bottom: 15 });
  if (padBefore < 0 || padAfter < 0) throw refuse(layer, "negative padding");
  // Mode 0 lengthens the end so that the last window is full; mode 1 drops an incomplete window.
  const tail = mode === 0 ? stride - 1 : 0;
  return mapped(windowMap({ extent, stride, padBefore, padAfter: padAfter + tail }));
};

const pixelShuffle: Describe = (layer) => {
  const factor = layer.params.intWithin(0, 1, 1, MAX_SHUFFLE);
  return mapped(resizeMap(fraction(factor), "nearest"));
};

const INTERPOLATIONS: readonly (Interpolation | null)[] = [null, "nearest", "linear", "cubic"];

const interp: Describe = (layer, axis) => {
  const { params } = layer;
  const interpolation = INTERPOLATIONS[params.intWithin(0, 0, 0, INTERPOLATIONS.length - 1)];
  if (params.int(3, 0) !== 0 || params.int(4, 0) !== 0 || params.int(5, 0) !== 0 || params.has(9)) {
    throw refuse(layer, "resizing to a given size");
  }
  if (params.int(6, 0) !== 0) throw refuse(layer, "resizing with aligned corners");
  const scale = fractionOf(params.float(axis === "x" ? 2 : 1, 1));
  if (!interpolation || scale === null || scale.n > MAX_SHUFFLE * scale.d)
    throw refuse(layer, "this kind of resizing");
  return mapped(resizeMap(scale, interpolation));
};

const padding: Describe = (layer, axis) => {
  const pad = (key: number): number => layer.params.intWithin(key, 0, 0, MAX_PAD);
  return mapped(axis === "x" ? cutMap(-pad(2), -pad(3)) : cutMap(-pad(0), -pad(1)));
};

/** Position of the axis among the three of an image blob: channels, rows, columns. */
const dimensionOf = (axis: Axis): number => (axis === "x" ? 2 : 1);

function sliceCrop(layer: Layer, axis: Axis, starts: readonly number[], ends: readonly number[]): AxisMap {
  const axes = layer.params.integers(11) ?? starts.map((_, index) => index);
  const at = axes.findIndex((dimension) => (dimension < 0 ? dimension + 3 : dimension) === dimensionOf(axis));
  if (at < 0) return IDENTITY;
  const start = starts[at] === TO_END ? 0 : starts[at];
  const end = ends[at] === TO_END ? 0 : ends[at];
  if (start === undefined || end === undefined) throw refuse(layer, "a crop with too few values");
  if (start < 0 || end > 0 || start > MAX_PAD || end < -MAX_PAD)
    throw refuse(layer, "a crop at a fixed position");
  return cutMap(start, -end);
}

const crop: Describe = (layer, axis, sizes) => {
  const { params } = layer;
  if (params.has(19) || params.has(20) || params.has(21)) throw refuse(layer, "a computed crop");
  const before = params.intWithin(axis === "x" ? 0 : 1, 0, 0, MAX_PAD);
  if (sizes.length === 2) {
    const reference = sizes[1];
    if (reference === null || reference === undefined) throw refuse(layer, "a crop to a single value");
    return { kind: "map", map: cutMap(before, 0, reference), from: "first" };
  }
  const [starts, ends] = [params.integers(9), params.integers(10)];
  if (starts !== null && ends !== null) return mapped(sliceCrop(layer, axis, starts, ends));
  const size = params.int(axis === "x" ? 3 : 4, 0);
  if (size !== TO_END) throw refuse(layer, "a crop to a fixed size");
  return mapped(cutMap(before, params.intWithin(axis === "x" ? 6 : 7, 0, 0, MAX_PAD)));
};

const memoryData: Describe = (layer) => {
  const [w, h] = [layer.params.int(0, 0), layer.params.int(1, 0)];
  if (w > 1 || h > 1) throw refuse(layer, "a constant with a width and height");
  return { kind: "constant" };
};

/** ncnn reads all inputs by the size of the first, without a check. */
const ofEqualSizes: Describe = (layer, _, sizes) => {
  if (sizes.some((size) => size === null)) throw refuse(layer, "an image beside one value for all of it");
  return mapped(IDENTITY);
};

/** Concat and Slice along the channels leave positions alone; along rows or columns they cannot be tiled. */
const alongChannels =
  (axisKey: number): Describe =>
  (layer, axis, sizes) => {
    const dimension = layer.params.int(axisKey, 0);
    if (dimension !== 0 && dimension !== -3) throw refuse(layer, "joining or splitting rows or columns");
    return ofEqualSizes(layer, axis, sizes);
  };

const pointwise: Describe = () => mapped(IDENTITY);

/** The second input, where there is one, holds a factor for each channel. */
const scaling: Describe = (layer, _, [image, factors]) => {
  if (image === null || typeof factors === "number") throw refuse(layer, "a factor for each position");
  return mapped(IDENTITY);
};

const POINTWISE_TYPES = [
  ...["ReLU", "PReLU", "Clip", "Sigmoid", "Swish", "HardSwish", "HardSigmoid", "Mish", "GELU", "ELU", "TanH"],
  ...["BinaryOp", "UnaryOp", "BatchNorm", "Split", "Noop", "Dropout"],
];

const DESCRIPTIONS: ReadonlyMap<string, Describe> = new Map<string, Describe>([
  ...POINTWISE_TYPES.map((type): [string, Describe] => [type, pointwise]),
  ["Convolution", convolution],
  ["ConvolutionDepthWise", convolution],
  ["Deconvolution", deconvolution],
  ["DeconvolutionDepthWise", deconvolution],
  ["Pooling", pooling],
  ["PixelShuffle", pixelShuffle],
  ["Interp", interp],
  ["Padding", padding],
  ["Crop", crop],
  ["Concat", alongChannels(0)],
  ["Slice", alongChannels(1)],
  ["Eltwise", ofEqualSizes],
  ["Scale", scaling],
  ["MemoryData", memoryData],
]);

/** Layers that ncnn gives a blob without positions to; over an image they would depend on its size. */
const WHOLE_IMAGE_TYPES: ReadonlySet<string> = new Set(["InnerProduct", "Flatten", "Reshape"]);

/**
 * @param sizes lengths of the layer's inputs along the axis
 * @throws {ModelError} a layer whose outputs depend on where the image ends, or that is not known
 */
export function layerGeometry(layer: Layer, axis: Axis, sizes: InputSizes): LayerGeometry {
  const describe = DESCRIPTIONS.get(layer.type);
  if (sizes.length > 0 && sizes.every((size) => size === null)) return ofValue(layer, axis, sizes, describe);
  if (describe === undefined) throw refuse(layer, unknownWhat(layer));
  return describe(layer, axis, sizes);
}

function unknownWhat({ type }: Layer): string {
  return WHOLE_IMAGE_TYPES.has(type) ? "this type of layer over an image" : "this type of layer";
}

/** Layers of DESCRIPTIONS that leave one value for the whole image what it is. */
const VALUE_TYPES: ReadonlySet<string> = new Set([...POINTWISE_TYPES, "Eltwise", "Scale", "Convolution"]);

/** What a layer makes of one value for the whole image: one value again, or the graph is refused. */
function ofValue(layer: Layer, axis: Axis, sizes: InputSizes, describe: Describe | undefined): LayerGeometry {
  if (WHOLE_IMAGE_TYPES.has(layer.type) || layer.type === "Pooling") return { kind: "constant" };
  if (describe === undefined) throw refuse(layer, "this type of layer");
  if (!VALUE_TYPES.has(layer.type))
    throw refuse(layer, "this type of layer for one value of the whole image");
  const geometry = describe(
    layer,
    axis,
    sizes.map(() => 1),
  );
  if (geometry.kind === "map") {
    const { from, to } = geometry.map.needs({ from: 0, to: 0 });
    if (geometry.map.outputSize(1) !== 1 || from !== 0 || to !== 0)
      throw refuse(layer, "filtering one value for the whole image");
  }
  return { kind: "constant" };
}
