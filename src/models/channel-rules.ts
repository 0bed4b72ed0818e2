import { ModelError } from "./model-error.js";
import type { Layer } from "./param-file.js";

/** More than any published network has; with it no product of channels leaves exact integers. */
export const MAX_CHANNELS = 65_536;
const MAX_INPUTS = 64;
/** ncnn's mark for "an equal share of what is left" in slices and "up to the end" in crops. */
const REST = -233;

export type Count = readonly [least: number, most: number];

/** How many blobs a type of layer takes and gives, and of how many channels. */
export interface ChannelRule {
  readonly inputs: Count;
  readonly outputs: Count;
  /** @returns channels of every output */
  readonly channels: (layer: Layer, inputs: readonly number[]) => readonly number[];
}

export function mismatch(layer: Layer, expected: string, received: string | number): ModelError {
  return new ModelError(
    `expected layer ${layer.name} (${layer.type}) to have ${expected}, received ${received}`,
  );
}

const NONE: Count = [0, 0];
const ONE: Count = [1, 1];
const SEVERAL: Count = [1, MAX_INPUTS];

const kept: ChannelRule = { inputs: ONE, outputs: ONE, channels: (_, inputs) => inputs };

function keptWith(check: (layer: Layer, channels: number) => void): ChannelRule {
  return {
    ...kept,
    channels: (layer, inputs) => {
      for (const channels of inputs) check(layer, channels);
      return inputs;
    },
  };
}

const declared: ChannelRule = {
  ...kept,
  channels: (layer) => [layer.params.intWithin(0, 0, 1, MAX_CHANNELS)],
};

/** @param dynamicKey the parameter that lets the weights be an input */
const convolution = (dynamicKey: number): ChannelRule => ({
  ...declared,
  channels: (layer, inputs) => {
    if (layer.params.int(dynamicKey, 0) !== 0)
      throw mismatch(layer, "weights in the .bin file", "computed ones");
    return declared.channels(layer, inputs);
  },
});

const depthWise = (dynamicKey: number): ChannelRule => ({
  ...declared,
  channels: (layer, inputs) => {
    const [outputs = 0] = convolution(dynamicKey).channels(layer, inputs);
    const groups = layer.params.intWithin(7, 1, 1, MAX_CHANNELS);
    if ([...inputs, outputs].some((channels) => channels % groups !== 0))
      throw mismatch(
        layer,
        `channels that are multiples of its ${groups} groups`,
        `${inputs} and ${outputs}`,
      );
    return [outputs];
  },
});

/** An element-wise operation of inputs that are alike, or of which the smaller ones stand for all channels. */
function combined(layer: Layer, inputs: readonly number[], broadcasts: boolean): readonly number[] {
  const most = Math.max(...inputs);
  if (inputs.some((channels) => channels !== most && !(broadcasts && channels === 1)))
    throw mismatch(layer, "inputs of one number of channels", inputs.join(", "));
  return [most];
}

const binaryOp: ChannelRule = {
  inputs: [1, 2],
  outputs: ONE,
  channels: (layer, inputs) => {
    const operands = layer.params.int(1, 0) === 0 ? 2 : 1;
    if (inputs.length !== operands) throw mismatch(layer, `${operands} inputs`, inputs.length);
    return combined(layer, inputs, true);
  },
};

const eltwise: ChannelRule = {
  inputs: [2, MAX_INPUTS],
  outputs: ONE,
  channels: (layer, inputs) => combined(layer, inputs, false),
};

const scale: ChannelRule = {
  inputs: [1, 2],
  outputs: ONE,
  channels: (layer, [channels = 0, factors]) => {
    const stored = layer.params.int(0, 0);
    if ((stored === REST) !== (factors !== undefined))
      throw mismatch(layer, "a second input exactly when it stores no factors", `${stored} factors`);
    if ((factors ?? stored) !== channels) throw mismatch(layer, `${channels} factors`, factors ?? stored);
    return [channels];
  },
};

const pixelShuffle: ChannelRule = {
  ...kept,
  channels: (layer, [channels = 0]) => {
    const share = channels / layer.params.int(0, 1) ** 2;
    if (!Number.isInteger(share)) throw mismatch(layer, "channels for its factor", channels);
    return [share];
  },
};

const concat: ChannelRule = {
  inputs: SEVERAL,
  outputs: ONE,
  channels: (_, inputs) => [inputs.reduce((sum, channels) => sum + channels, 0)],
};

const split: ChannelRule = {
  inputs: ONE,
  outputs: SEVERAL,
  channels: ({ outputs }, [channels = 0]) => outputs.map(() => channels),
};

const slice: ChannelRule = {
  inputs: ONE,
  outputs: SEVERAL,
  channels: (layer, [channels = 0]) => {
    const sizes = layer.params.integers(0);
    if (layer.params.has(2) || sizes?.length !== layer.outputs.length)
      throw mismatch(layer, `${layer.outputs.length} sizes (parameter 0)`, sizes?.length ?? 0);
    let left = channels;
    const taken = sizes.map((size, index) => {
      const share = size === REST ? Math.floor(left / (sizes.length - index)) : size;
      left -= share;
      return share;
    });
    if (left !== 0 || taken.some((share) => share < 1))
      throw mismatch(layer, `sizes that make up ${channels} channels`, sizes.join(", "));
    return taken;
  },
};

/** Channels that a crop by starts and ends leaves; ncnn keeps its axes in an array of four, without a check. */
function slicedChannels(
  layer: Layer,
  channels: number,
  starts: readonly number[],
  ends: readonly number[],
): number {
  const axes = (layer.params.integers(11) ?? [0, 1, 2]).map((axis) => (axis < 0 ? axis + 3 : axis));
  const isSound = new Set(axes).size === axes.length && axes.every((axis) => axis >= 0 && axis <= 2);
  if (!isSound || axes.length === 0 || [starts, ends].some(({ length }) => length !== axes.length))
    throw mismatch(layer, "a start and an end for each of its axes", `axes ${axes.slice(0, 8).join(", ")}`);
  const at = axes.indexOf(0);
  if (at < 0) return channels;
  const [start = REST, end = REST] = [starts[at], ends[at]];
  const from = start === REST ? 0 : start < 0 ? channels + start : start;
  const to = end === REST ? channels : end <= 0 ? channels + end : Math.min(end, channels);
  if (from < 0 || to <= from) throw mismatch(layer, `a crop within ${channels} channels`, `${from} to ${to}`);
  return to - from;
}

const crop: ChannelRule = {
  inputs: [1, 2],
  outputs: ONE,
  channels: (layer, [channels = 0, reference]) => {
    const { params } = layer;
    if ([2, 8].some((key) => params.int(key, 0) !== 0))
      throw mismatch(layer, "a crop of rows and columns", "one of channels");
    if (reference !== undefined) {
      if (reference !== channels) throw mismatch(layer, `a reference of ${channels} channels`, reference);
      return [channels];
    }
    const [starts, ends] = [params.integers(9), params.integers(10)];
    if (starts !== null && ends !== null) return [slicedChannels(layer, channels, starts, ends)];
    const size = params.int(5, 0);
    if (size !== REST) throw mismatch(layer, "a crop that keeps all channels", size);
    return [channels];
  },
};

const reshape: ChannelRule = {
  ...kept,
  channels: (layer, [channels = 0]) => {
    const [w = 1, h = 1, d = 1, c = 1] = [0, 1, 11, 2].map((key) =>
      layer.params.has(key) ? layer.params.int(key, 1) : undefined,
    );
    const isFlat = !layer.params.has(1) && !layer.params.has(11) && !layer.params.has(2);
    const isColumn = w === 1 && h === 1 && d === 1 && layer.params.has(2);
    if (layer.params.has(6) || !(isFlat || isColumn) || ![-1, 0, channels].includes(isFlat ? w : c))
      throw mismatch(layer, `a shape of ${channels} channels`, `${w} x ${h} x ${d} x ${c}`);
    return [channels];
  },
};

const input: ChannelRule = { inputs: NONE, outputs: ONE, channels: () => [3] };

const memoryData: ChannelRule = {
  inputs: NONE,
  outputs: ONE,
  channels: (layer) => {
    const { params } = layer;
    const [w, h] = [params.intWithin(0, 0, 0, 1), params.intWithin(1, 0, 0, 1)];
    // ncnn multiplies the sizes: without a height, a constant of several channels would be empty.
    if (w !== 1 || (params.has(2) && h !== 1) || params.has(11))
      throw mismatch(layer, "a constant of one value a channel", `${w} x ${h}`);
    return [layer.params.intWithin(2, 1, 1, MAX_CHANNELS)];
  },
};

const padding = keptWith((layer) => {
  if ([6, 7, 8].some((key) => layer.params.int(key, 0) !== 0))
    throw mismatch(layer, "padding of rows and columns alike in all channels", "another kind");
});

const prelu = keptWith((layer, channels) => {
  const slopes = layer.params.int(0, 0);
  if (slopes !== channels && slopes !== 1) throw mismatch(layer, `1 or ${channels} slopes`, slopes);
});

const batchNorm = keptWith((layer, channels) => {
  const stored = layer.params.int(0, 0);
  if (stored !== channels) throw mismatch(layer, `statistics of ${channels} channels`, stored);
});

const KEPT_TYPES = [
  ...[
    "ReLU",
    "Clip",
    "Sigmoid",
    "Swish",
    "HardSwish",
    "HardSigmoid",
    "Mish",
    "GELU",
    "ELU",
    "TanH",
    "UnaryOp",
  ],
  ...["Noop", "Dropout", "Interp", "Pooling", "Flatten"],
];

/** What is known of each layer type; a graph with any other is refused. */
export const CHANNEL_RULES: ReadonlyMap<string, ChannelRule> = new Map<string, ChannelRule>([
  ...KEPT_TYPES.map((type): [string, ChannelRule] => [type, kept]),
  ["Input", input],
  ["MemoryData", memoryData],
  ["Convolution", convolution(19)],
  ["ConvolutionDepthWise", depthWise(19)],
  ["Deconvolution", convolution(28)],
  ["DeconvolutionDepthWise", depthWise(28)],
  ["InnerProduct", declared],
  ["PReLU", prelu],
  ["BatchNorm", batchNorm],
  ["BinaryOp", binaryOp],
  ["Eltwise", eltwise],
  ["Scale", scale],
  ["PixelShuffle", pixelShuffle],
  ["Concat", concat],
  ["Split", split],
  ["Slice", slice],
  ["Crop", crop],
  ["Padding", padding],
  ["Reshape", reshape],
]);
