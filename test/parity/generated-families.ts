import { type Blob, NetworkBuilder, type NetworkFiles } from "./network-builder.js";

/** A small network built like the published ones of its family, with random weights. */
export interface GeneratedFamily {
  readonly name: string;
  /** Whose edges and padding the reference is to use: a name of scripts/parity/frames.py. */
  readonly frame: string;
  build(): NetworkFiles;
}

const LEAKY = 0.1;
/** Of what is added to the enlarged page, so that the result stays a page. */
const RESIDUAL_GAIN = 0.15;
/** Steep, so that means over a slightly wrong part of the image are seen in the result. */
const MEANS_GAIN = 3;
const SPAN_MEANS = [0.4488, 0.4371, 0.404];

/** Squeeze and excite: channels are scaled by what a small network makes of their means over the whole image. */
function squeezeExcite(net: NetworkBuilder, input: Blob, style: "realcugan" | "waifu2x"): Blob {
  const [image, copy] = net.split(input) as [Blob, Blob];
  const means = net.layer("Pooling", [copy], input.channels, "0=1 4=1");
  const hidden = net.innerProduct(means, input.channels / 4, 1, MEANS_GAIN);
  const factors = net.innerProduct(hidden, input.channels, 4, MEANS_GAIN);
  return style === "realcugan"
    ? net.layer("BinaryOp", [image, factors], input.channels, "0=2")
    : net.layer("Scale", [image, factors], input.channels, "0=-233");
}

interface UnetStyle {
  readonly style: "realcugan" | "waifu2x";
  readonly squeezes: boolean;
  /** Between the two halves: 3 for an image, more where a last stage makes an image of it. */
  readonly channels: number;
}

/** Cuts `skip` to the size of `deep` and adds them; `cut` elements fall off each side. */
function addCut(
  net: NetworkBuilder,
  skip: Blob,
  deep: Blob,
  cut: number,
  style: UnetStyle,
  name?: string,
): Blob {
  if (style.style === "realcugan") {
    const axes = style.squeezes ? "-2,-1" : "1,2";
    const params = `-23309=2,${cut},${cut} -23310=2,${-cut},${-cut} -23311=2,${axes}`;
    const cropped = net.layer("Crop", [skip], skip.channels, params);
    return net.layer("BinaryOp", [cropped, deep], deep.channels, "0=0", name);
  }
  const [term, size] = net.split(deep) as [Blob, Blob];
  const cropped = net.layer("Crop", [skip, size], skip.channels, `0=${cut} 1=${cut}`);
  return net.layer("Eltwise", [cropped, term], deep.channels, "0=1", name);
}

interface Enlargement {
  readonly kernel: number;
  readonly stride: number;
  readonly pad: number;
}

/** First half of a cascaded U-Net: one step down and up again, then the image enlarged. */
function firstUnet(net: NetworkBuilder, input: Blob, style: UnetStyle, enlargement: Enlargement): Blob {
  const stem = net.convolution(net.convolution(input, 16, { kernel: 3, slope: LEAKY }), 16, {
    kernel: 3,
    slope: LEAKY,
  });
  const [skip, down] = net.split(stem) as [Blob, Blob];
  const half = net.convolution(down, 16, { kernel: 2, stride: 2, slope: LEAKY });
  const deep = net.convolution(net.convolution(half, 32, { kernel: 3, slope: LEAKY }), 16, {
    kernel: 3,
    slope: LEAKY,
  });
  const squeezed = style.squeezes ? squeezeExcite(net, deep, style.style) : deep;
  const up = net.deconvolution(squeezed, 16, { kernel: 2, stride: 2, slope: LEAKY });
  const joined = net.convolution(addCut(net, skip, up, 4, style), 16, { kernel: 3, slope: LEAKY });
  return net.deconvolution(joined, style.channels, { ...enlargement, gain: 0.3, bias: 0.5 });
}

/** Second half: two steps down and up again; what it gives is added to the enlarged image, 20 elements cut. */
function secondUnet(net: NetworkBuilder, input: Blob, style: UnetStyle, name?: string): Blob {
  const leaky = { kernel: 3, slope: LEAKY };
  const squeeze = (blob: Blob): Blob => (style.squeezes ? squeezeExcite(net, blob, style.style) : blob);
  const [image, copy] = net.split(input) as [Blob, Blob];
  const stem = net.convolution(net.convolution(copy, 16, leaky), 16, leaky);
  const [skip, down] = net.split(stem) as [Blob, Blob];
  const half = net.convolution(down, 16, { kernel: 2, stride: 2, slope: LEAKY });
  const middle = squeeze(net.convolution(net.convolution(half, 16, leaky), 32, leaky));
  const [middleSkip, middleDown] = net.split(middle) as [Blob, Blob];
  const quarter = net.convolution(middleDown, 32, { kernel: 2, stride: 2, slope: LEAKY });
  const deep = squeeze(net.convolution(net.convolution(quarter, 48, leaky), 32, leaky));
  const deepUp = net.deconvolution(deep, 32, { kernel: 2, stride: 2, slope: LEAKY });
  const rising = net.convolution(addCut(net, middleSkip, deepUp, 4, style), 16, leaky);
  const high = squeeze(net.convolution(rising, 16, leaky));
  const highUp = net.deconvolution(high, 16, { kernel: 2, stride: 2, slope: LEAKY });
  const joined = net.convolution(addCut(net, skip, highUp, 16, style), 16, leaky);
  const residual = net.convolution(joined, style.channels, { kernel: 3, gain: RESIDUAL_GAIN });
  return addCut(net, image, residual, 20, style, name);
}

function cascade(seed: number, style: UnetStyle, enlargement: Enlargement): NetworkFiles {
  const net = new NetworkBuilder(seed, "fp16");
  const [input, output] = style.style === "realcugan" ? ["in0", "out0"] : ["Input1", "Eltwise4"];
  secondUnet(net, firstUnet(net, net.input(input), style, enlargement), style, output);
  return net.build();
}

const SQUEEZING: UnetStyle = { style: "realcugan", squeezes: true, channels: 3 };
const TWOFOLD: Enlargement = { kernel: 4, stride: 2, pad: 3 };
const THREEFOLD: Enlargement = { kernel: 5, stride: 3, pad: 2 };

/** Real-CUGAN 4x: the 2x cascade on features, a pixel shuffle, and only a difference to the enlarged page as output. */
function fourfold(): NetworkFiles {
  const net = new NetworkBuilder(4, "fp16");
  const style: UnetStyle = { ...SQUEEZING, channels: 16 };
  const features = secondUnet(net, firstUnet(net, net.input("in0"), style, TWOFOLD), style);
  const wide = net.convolution(features, 12, { kernel: 3, gain: RESIDUAL_GAIN });
  const params = "-23309=2,1,1 -23310=2,-1,-1 -23311=2,-2,-1";
  const cropped = net.layer("Crop", [wide], 12, params);
  net.layer("PixelShuffle", [cropped], 3, "0=2", "out0");
  return net.build();
}

function upconv(): NetworkFiles {
  const net = new NetworkBuilder(5, "fp16");
  const convolutions = [16, 16, 32, 32, 32, 48];
  const deep = convolutions.reduce<Blob>(
    (blob, channels) => net.convolution(blob, channels, { kernel: 3, slope: LEAKY }),
    net.input("Input1"),
  );
  net.deconvolution(deep, 3, { ...TWOFOLD, gain: 0.6, bias: 0.5 }, "Eltwise4");
  return net.build();
}

/** SRVGGNetCompact: convolutions with PReLU, a pixel shuffle, the nearest-enlarged page added. */
function compact(seed: number, scale: number, shrunk: boolean): NetworkFiles {
  const net = new NetworkBuilder(seed, "fp16");
  const [page, copy] = net.split(net.input("data")) as [Blob, Blob];
  let deep = copy;
  for (let i = 0; i < 5; i++) deep = net.prelu(net.convolution(deep, 32, { kernel: 3, pad: 1, gain: 1.3 }));
  const residual = net.convolution(deep, 3 * scale ** 2, { kernel: 3, pad: 1, gain: RESIDUAL_GAIN });
  const shuffled = net.layer("PixelShuffle", [residual], 3, `0=${scale}`);
  const enlarged = net.layer("Interp", [page], 3, `0=1 1=${scale}.0 2=${scale}.0`);
  const sum = net.layer("BinaryOp", [shuffled, enlarged], 3, "0=0", shrunk ? undefined : "output");
  if (shrunk) net.layer("Interp", [sum], 3, "0=3 1=0.5 2=0.5", "output");
  return net.build();
}

/** SPAN: blocks whose result is weighted by itself, (x + input) * (sigmoid(x) - 0.5), joined from four depths. */
function span(): NetworkFiles {
  const net = new NetworkBuilder(8, "fp32");
  const same = { kernel: 3, pad: 1 };
  const page = net.input("data");
  const centred = net.layer("BinaryOp", [page, net.constant(SPAN_MEANS)], 3, "0=1");
  const stem = net.convolution(net.layer("BinaryOp", [centred], 3, "0=2 1=1 2=4.0"), 16, same);
  const [first, ...toBlocks] = net.split(stem, 3) as [Blob, Blob, Blob];
  const block = ([residual, input]: readonly Blob[]): Blob => {
    let deep = input as Blob;
    for (let i = 0; i < 2; i++) deep = net.layer("Swish", [net.convolution(deep, 16, same)], 16);
    const [value, gate] = net.split(net.convolution(deep, 16, { ...same, gain: 2 })) as [Blob, Blob];
    const weight = net.layer("BinaryOp", [net.layer("Sigmoid", [gate], 16)], 16, "0=1 1=1 2=0.5");
    const sum = net.layer("BinaryOp", [value, residual as Blob], 16, "0=0");
    return net.layer("BinaryOp", [sum, weight], 16, "0=2");
  };
  const [early, ...toSecond] = net.split(block(toBlocks), 3) as [Blob, Blob, Blob];
  const [late, end] = net.split(block(toSecond)) as [Blob, Blob];
  const joined = net.layer("Concat", [first, net.convolution(end, 16, same), early, late], 64, "0=0");
  const mixed = net.convolution(joined, 16, { kernel: 1 });
  const wide = net.convolution(mixed, 12, { ...same, gain: 0.3, bias: 0.5 });
  net.layer("PixelShuffle", [wide], 3, "0=2", "output");
  return net.build();
}

export const GENERATED_FAMILIES: readonly GeneratedFamily[] = [
  { name: "Real-CUGAN 2x", frame: "realcugan-2x", build: () => cascade(1, SQUEEZING, TWOFOLD) },
  { name: "Real-CUGAN 3x", frame: "realcugan-3x", build: () => cascade(2, SQUEEZING, THREEFOLD) },
  { name: "Real-CUGAN 4x", frame: "realcugan-4x", build: fourfold },
  {
    name: "Real-CUGAN 2x without squeeze-excite",
    frame: "realcugan-2x",
    build: () => cascade(3, { ...SQUEEZING, squeezes: false }, TWOFOLD),
  },
  {
    name: "waifu2x cunet",
    frame: "waifu2x-cunet",
    build: () => cascade(6, { ...SQUEEZING, style: "waifu2x" }, TWOFOLD),
  },
  { name: "waifu2x upconv7", frame: "waifu2x-upconv7", build: upconv },
  { name: "compact 4x", frame: "realesrgan", build: () => compact(7, 4, false) },
  { name: "compact 4x shrunk to 2x", frame: "realesrgan", build: () => compact(9, 4, true) },
  { name: "SPAN 2x", frame: "realesrgan", build: span },
];
