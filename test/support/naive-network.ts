import { readFileSync } from "node:fs";
import type { ResolvedModel } from "../../src/models/catalogue.js";
import { fromHalf } from "../../src/models/half.js";
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
  readonly stride: number;
  readonly pad: number;
  readonly slope: number | null;
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

const LEAKY_RELU = 2;

const FP32_TAG = 0;
/** Halves follow it, filled up to whole words. */
const FP16_TAG = 0x01306b47;
const WORD = 4;

/** The numbers of a .bin file, taken front to back. */
class WeightReader {
  readonly #bin: Buffer;
  #offset = 0;

  constructor(bin: Buffer) {
    this.#bin = bin;
  }

  floats(count: number): Float32Array {
    const start = this.#advance(4 * count);
    return Float32Array.from({ length: count }, (_, i) => this.#bin.readFloatLE(start + 4 * i));
  }

  /** Numbers behind a tag that says how they are stored. */
  tagged(count: number): Float32Array {
    const tag = this.#bin.readUInt32LE(this.#advance(WORD));
    if (tag === FP32_TAG) return this.floats(count);
    if (tag !== FP16_TAG) throw new Error(`expected fp32 or fp16 weights, received tag ${tag}`);
    const start = this.#advance(Math.ceil((2 * count) / WORD) * WORD);
    return Float32Array.from({ length: count }, (_, i) => fromHalf(this.#bin.readUInt16LE(start + 2 * i)));
  }

  expectEnd(): void {
    if (this.#offset !== this.#bin.length)
      throw new Error(`expected ${this.#offset} bytes of weights, received ${this.#bin.length}`);
  }

  #advance(bytes: number): number {
    const start = this.#offset;
    this.#offset += bytes;
    return start;
  }
}

function readConvolutions(graph: Graph, bin: Buffer): Map<string, Convolution> {
  const convolutions = new Map<string, Convolution>();
  const reader = new WeightReader(bin);
  for (const { type, name, params } of graph.layers) {
    if (type !== "Convolution") continue;
    const outputs = params.int(0, 0);
    convolutions.set(name, {
      outputs,
      kernel: params.int(1, 0),
      stride: params.int(3, 1),
      pad: params.int(4, 0),
      slope: params.int(9, 0) === LEAKY_RELU ? (params.array(10)?.[0] ?? 0) : null,
      weights: reader.tagged(params.int(6, 0)),
      bias: reader.floats(outputs),
    });
  }
  reader.expectEnd();
  return convolutions;
}

function convolve(input: Planes, convolution: Convolution): Planes {
  const { outputs, kernel, stride, pad, slope, weights, bias } = convolution;
  const windows = (length: number): number => Math.floor((length + 2 * pad - kernel) / stride) + 1;
  const [width, height] = [windows(input.width), windows(input.height)];
  const data = new Float64Array(outputs * width * height);
  for (let o = 0; o < outputs; o++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let sum = bias[o] ?? 0;
        for (let c = 0; c < input.channels; c++) {
          for (let ky = 0; ky < kernel; ky++) {
            const row = y * stride + ky - pad;
            if (row < 0 || row >= input.height) continue;
            for (let kx = 0; kx < kernel; kx++) {
              const column = x * stride + kx - pad;
              if (column < 0 || column >= input.width) continue;
              const weight = weights[((o * input.channels + c) * kernel + ky) * kernel + kx] ?? 0;
              sum += weight * (input.data[(c * input.height + row) * input.width + column] ?? 0);
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
  if (layer.type === "BinaryOp" && second?.data.length === first.data.length) {
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
 * edges are mirrored so that no convolution pads within the result. At the right and at the bottom that goes on until
 * the network's strides come out even.
 *
 * @returns value * 255 of every output byte before rounding, in the order of the bytes
 */
export function runNaively(
  { paramPath, binPath, overlap, alignment }: ResolvedModel,
  image: PixelBuffer,
): Float64Array {
  const graph = parseParamFile(readFileSync(paramPath, "utf8"));
  const convolutions = readConvolutions(graph, readFileSync(binPath));
  const padded = (length: number): number => Math.ceil(length / alignment) * alignment + 2 * overlap;
  const [width, height] = [padded(image.width), padded(image.height)];
  const input = enlarge({ data: new Float64Array(0), channels: 3, width, height }, 3, 1, (c, y, x) => {
    const row = mirrored(y - overlap, image.height);
    const column = mirrored(x - overlap, image.width);
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
    const y = Math.floor(pixel / rowLength) + overlap * scale;
    const x = (pixel % rowLength) + overlap * scale;
    result[i] = (output.data[(c * output.height + y) * output.width + x] ?? Number.NaN) * 255;
  }
  return result;
}
