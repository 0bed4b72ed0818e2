import { readFileSync } from "node:fs";
import type { Graph, Layer } from "../../src/models/param-file.js";
import { parseParamFile } from "../../src/models/param-file.js";
import type { PixelBuffer } from "../../src/stages/page.js";

/** Planes of doubles: index = (channel * height + y) * width + x. */
interface Planes {
  readonly data: Float64Array;
  readonly channels: number;
  readonly width: number;
  readonly height: number;
}

interface Convolution {
  readonly outputs: number;
  readonly kernel: number;
  readonly pad: number;
  readonly slope: number | null;
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

const LEAKY_RELU = 2;

function readConvolutions(graph: Graph, bin: Buffer): Map<string, Convolution> {
  const convolutions = new Map<string, Convolution>();
  let offset = 0;
  const floats = (count: number): Float32Array => {
    const values = Float32Array.from({ length: count }, (_, i) => bin.readFloatLE(offset + 4 * i));
    offset += 4 * count;
    return values;
  };
  for (const { type, name, params } of graph.layers) {
    if (type !== "Convolution") continue;
    const tag = bin.readUInt32LE(offset);
    if (tag !== 0) throw new Error(`expected fp32 weights for ${name}, received tag ${tag}`);
    offset += 4;
    const outputs = params.int(0, 0);
    convolutions.set(name, {
      outputs,
      kernel: params.int(1, 0),
      pad: params.int(4, 0),
      slope: params.int(9, 0) === LEAKY_RELU ? (params.array(10)?.[0] ?? 0) : null,
      weights: floats(params.int(6, 0)),
      bias: floats(outputs),
    });
  }
  if (offset !== bin.length) throw new Error(`expected ${offset} bytes of weights, received ${bin.length}`);
  return convolutions;
}

function convolve(input: Planes, { outputs, kernel, pad, slope, weights, bias }: Convolution): Planes {
  const { width, height, channels } = input;
  const data = new Float64Array(outputs * width * height);
  for (let o = 0; o < outputs; o++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let sum = bias[o] ?? 0;
        for (let c = 0; c < channels; c++) {
          for (let ky = 0; ky < kernel; ky++) {
            const row = y + ky - pad;
            if (row < 0 || row >= height) continue;
            for (let kx = 0; kx < kernel; kx++) {
              const column = x + kx - pad;
              if (column < 0 || column >= width) continue;
              const weight = weights[((o * channels + c) * kernel + ky) * kernel + kx] ?? 0;
              sum += weight * (input.data[(c * height + row) * width + column] ?? 0);
            }
          }
        }
        data[(o * height + y) * width + x] = slope !== null && sum < 0 ? sum * slope : sum;
      }
    }
  }
  return { data, channels: outputs, width, height };
}

/** Calls `at` for every output value of an enlarged image and collects what it gives. */
function enlarge(
  input: Planes,
  channels: number,
  scale: number,
  at: (c: number, y: number, x: number) => number,
): Planes {
  const [width, height] = [input.width * scale, input.height * scale];
  const data = new Float64Array(channels * width * height);
  let index = 0;
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data[index++] = at(c, y, x);
  }
  return { data, channels, width, height };
}

function pixelShuffle(input: Planes, scale: number): Planes {
  return enlarge(input, input.channels / scale ** 2, scale, (c, y, x) => {
    const channel = c * scale ** 2 + (y % scale) * scale + (x % scale);
    const row = channel * input.height + Math.floor(y / scale);
    return input.data[row * input.width + Math.floor(x / scale)] ?? Number.NaN;
  });
}

function nearest(input: Planes, scale: number): Planes {
  return enlarge(input, input.channels, scale, (c, y, x) => {
    const row = c * input.height + Math.floor(y / scale);
    return input.data[row * input.width + Math.floor(x / scale)] ?? Number.NaN;
  });
}

function runLayer(layer: Layer, inputs: readonly Planes[], convolutions: Map<string, Convolution>): Planes {
  const [first, second] = inputs;
  if (!first) throw new Error(`expected an input for ${layer.name}`);
  if (layer.type === "Split") return first;
  if (layer.type === "PixelShuffle") return pixelShuffle(first, layer.params.int(0, 1));
  if (layer.type === "Interp") return nearest(first, layer.params.float(1, 1));
  if (layer.type === "BinaryOp" && second) {
    return { ...first, data: first.data.map((value, i) => value + (second.data[i] ?? Number.NaN)) };
  }
  const convolution = convolutions.get(layer.name);
  if (layer.type !== "Convolution" || !convolution)
    throw new Error(`expected a plain network, received ${layer.type}`);
  return convolve(first, convolution);
}

function mirrored(index: number, length: number): number {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const phase = ((index % period) + period) % period;
  return Math.min(phase, period - phase);
}

/**
 * Runs a plain network (family "plain") the slowest and simplest way, in double precision over the whole image, whose
 * edges are mirrored so that no convolution pads within the result.
 *
 * @param context pixels that are mirrored on each side; at least the network's receptive radius
 * @returns value * 255 of every output byte before rounding, in the order of the bytes
 */
export function runNaively(
  paramPath: string,
  binPath: string,
  image: PixelBuffer,
  context: number,
): Float64Array {
  const graph = parseParamFile(readFileSync(paramPath, "utf8"));
  const convolutions = readConvolutions(graph, readFileSync(binPath));
  const [width, height] = [image.width + 2 * context, image.height + 2 * context];
  const input = enlarge({ data: new Float64Array(0), channels: 3, width, height }, 3, 1, (c, y, x) => {
    const row = mirrored(y - context, image.height);
    const column = mirrored(x - context, image.width);
    return (image.data[(row * image.width + column) * 3 + c] ?? Number.NaN) / 255;
  });
  const blobs = new Map<string, Planes>();
  for (const layer of graph.layers) {
    const inputs = layer.inputs.map((name) => blobs.get(name) as Planes);
    const output = layer.type === "Input" ? input : runLayer(layer, inputs, convolutions);
    for (const name of layer.outputs) blobs.set(name, output);
  }
  const output = blobs.get(graph.outputs[0] ?? "") as Planes;
  const scale = output.width / width;
  const result = new Float64Array(image.data.length * scale ** 2);
  const rowLength = image.width * scale;
  for (let i = 0; i < result.length; i++) {
    const [pixel, c] = [Math.floor(i / 3), i % 3];
    const y = Math.floor(pixel / rowLength) + context * scale;
    const x = (pixel % rowLength) + context * scale;
    result[i] = (output.data[(c * output.height + y) * output.width + x] ?? Number.NaN) * 255;
  }
  return result;
}
