import { describe, expect, it } from "vitest";
import { traceChannels } from "../../src/models/layer-channels.js";
import { ModelError } from "../../src/models/model-error.js";
import { graphOf } from "./graphs.js";

/** Channels of blob "out" behind a convolution that gives 12 channels, "x". */
const behind = (...lines: string[]) =>
  traceChannels(graphOf("Input i 0 1 in", "Convolution c 1 1 in x 0=12 1=1", ...lines)).get("out");

describe("channels", () => {
  it.each<[string, string[], number]>([
    ["a pixel shuffle", ["PixelShuffle l 1 1 x out 0=2"], 3],
    ["an activation", ["Sigmoid l 1 1 x out"], 12],
    ["a deconvolution", ["Deconvolution l 1 1 x out 0=5 1=2 3=2"], 5],
    ["a grouped convolution", ["ConvolutionDepthWise l 1 1 x out 0=24 1=3 7=12"], 24],
    ["a concatenation", ["Split s 1 2 x a b", "Concat l 2 1 a b out"], 24],
    ["slices of given sizes", ["Slice s 1 2 x a out -23300=2,4,-233"], 8],
    ["equal slices", ["Slice s 1 3 x a b out -23300=3,-233,-233,-233"], 4],
    ["a crop along the channels", ["Crop l 1 1 x out -23309=1,2 -23310=1,-3 -23311=1,0"], 7],
    ["a crop by offsets", ["Crop l 1 1 x out 0=1 3=-233 4=-233 5=-233"], 12],
    ["a crop along rows", ["Crop l 1 1 x out -23309=1,2 -23310=1,-3 -23311=1,1"], 12],
    ["a constant for each channel", ["MemoryData m 0 1 k 0=1 1=1 2=12", "BinaryOp l 2 1 x k out"], 12],
    ["a constant for all", ["MemoryData m 0 1 k 0=1", "BinaryOp l 2 1 x k out"], 12],
    ["one slope", ["PReLU l 1 1 x out 0=1"], 12],
  ])("of %s", (_, lines, expected) => {
    expect(behind(...lines)).toBe(expected);
  });
});

/** In each of these ncnn would read past the end of a blob, of a list of blobs, or of a layer's own weights. */
describe("a graph is refused", () => {
  it.each<[string, string[], RegExp]>([
    ["a layer without an input", ["Sigmoid l 0 1 out"], /1 to 1 inputs .* received 0 and 1/],
    ["a layer with an input too many", ["Split s 1 2 x a b", "Sigmoid l 2 1 a b out"], /received 2 and 1/],
    ["a layer without an output", ["Noop l 1 0 x"], /1 to 1 outputs, received 1 and 0/],
    ["an Input that has an input", ["Input l 1 1 x out"], /0 to 0 inputs/],
    ["one input where there is no constant", ["BinaryOp l 1 1 x out 0=2"], /2 inputs, received 1/],
    ["a sum of one", ["Eltwise l 1 1 x out 0=1"], /received 1 and 1/],
    [
      "a sum of unlike blobs",
      ["Split s 1 2 x a b", "Convolution d 1 1 b c 0=6 1=1", "BinaryOp l 2 1 a c out"],
      /one number of channels, received 12, 6/,
    ],
    ["slopes for other channels", ["PReLU l 1 1 x out 0=64"], /1 or 12 slopes, received 64/],
    ["factors for other channels", ["Scale l 1 1 x out 0=64"], /12 factors, received 64/],
    ["factors that no blob brings", ["Scale l 1 1 x out 0=-233"], /second input/],
    ["statistics of other channels", ["BatchNorm l 1 1 x out 0=64"], /12 channels, received 64/],
    ["a shuffle of too few", ["PixelShuffle l 1 1 x out 0=5"], /channels for its factor, received 12/],
    ["groups that do not divide", ["ConvolutionDepthWise l 1 1 x out 0=12 1=3 7=5"], /multiples of its 5/],
    ["no channels", ["Convolution l 1 1 x out 0=0 1=1"], /1 to 65536, received 0/],
    ["too many channels", ["Convolution l 1 1 x out 0=100000 1=1"], /1 to 65536, received 100000/],
    ["computed weights", ["Convolution l 1 1 x out 0=3 1=1 19=1"], /weights in the \.bin file/],
    ["slices of more than there is", ["Slice s 1 2 x a out -23300=2,8,8"], /make up 12 channels/],
    ["slices of nothing", ["Slice s 1 2 x a out -23300=2,12,0"], /make up 12 channels/],
    ["slices without sizes", ["Slice s 1 2 x a out"], /2 sizes \(parameter 0\), received 0/],
    ["a crop beyond the channels", ["Crop l 1 1 x out -23309=1,12 -23310=1,-233 -23311=1,0"], /within 12/],
    [
      "a crop of more axes than ncnn keeps",
      ["Crop l 1 1 x out -23309=5,0,0,0,0,0 -23310=5,1,1,1,1,1 -23311=5,0,1,2,0,1"],
      /each of its axes/,
    ],
    ["a crop of too few starts", ["Crop l 1 1 x out -23309=1,0 -23310=3,1,1,1"], /each of its axes/],
    [
      "a crop whose numbers ncnn would read as other numbers",
      ["Crop l 1 1 x out -23309=1,2.0 -23310=1,-3 -23311=1,0"],
      /array of integers/,
    ],
    ["a crop to some channels", ["Crop l 1 1 x out 3=-233 4=-233 5=6"], /keeps all channels, received 6/],
    ["a crop with an offset in the channels", ["Crop l 1 1 x out 2=4"], /crop of rows and columns/],
    ["padding along the channels", ["Padding l 1 1 x out 7=4"], /padding of rows and columns/],
    ["a constant with an area", ["MemoryData l 0 1 out 0=4 1=4 2=3"], /0 to 1, received 4/],
    ["a constant of no height", ["MemoryData l 0 1 out 0=1 2=3"], /one value a channel/],
    ["a constant of nothing", ["MemoryData l 0 1 out"], /one value a channel/],
    ["a shape with another number of values", ["Reshape l 1 1 x out 0=5"], /shape of 12 channels/],
    ["a shape with rows", ["Reshape l 1 1 x out 0=3 1=4"], /shape of 12 channels/],
    ["a size hint", ["Sigmoid l 1 1 x out -23330=4,3,64,64,12"], /no size hints/],
    ["an unknown layer", ["LSTM l 1 1 x out"], /not known/],
    ["a layer that ncnn makes itself", ["Cast l 1 1 x out 0=1 1=2"], /not known/],
  ])("with %s", (_, lines, message) => {
    expect(() => behind(...lines)).toThrow(ModelError);
    expect(() => behind(...lines)).toThrow(message);
  });

  it("that doubles its channels again and again", () => {
    const lines = Array.from({ length: 60 }, (_, n) => [
      `Split s${n} 1 2 ${n === 0 ? "x" : `c${n - 1}`} a${n} b${n}`,
      `Concat c${n} 2 1 a${n} b${n} c${n}`,
    ]);
    expect(() => behind(...lines.flat())).toThrow(/at most 65536 channels/);
  });
});
