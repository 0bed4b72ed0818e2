import { seededRandom } from "../support/images.js";

/** How a convolution or its transpose slides; in elements. */
export interface Sliding {
  readonly kernel: number;
  readonly stride?: number;
  readonly pad?: number;
  /** Slope of a fused LeakyReLU; without it nothing is fused. */
  readonly slope?: number;
  /** What the weights' spread is multiplied by; 1 keeps the spread of the values about as it is. */
  readonly gain?: number;
  readonly bias?: number;
}

/** A blob with its number of channels. */
export interface Blob {
  readonly name: string;
  readonly channels: number;
}

/** A network in ncnn's two formats. */
export interface NetworkFiles {
  readonly param: string;
  readonly bin: Buffer;
}

const FP16_TAG = 0x01306b47;
const FP32_TAG = 0;

/** Root mean square of numbers spread evenly from -1 to 1. */
const EVEN_SPREAD = Math.sqrt(1 / 3);

/** The half-precision number next to `value` towards zero, as its 16 bits; too small ones become 0. */
function toHalfBits(value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  const bits = view.getUint32(0);
  const exponent = ((bits >>> 23) & 0xff) - 127;
  if (exponent < -14) return 0;
  return ((bits >>> 16) & 0x8000) | ((exponent + 15) << 10) | ((bits >>> 13) & 0x3ff);
}

/**
 * Writes a network of random weights layer by layer. Every blob may be used once, as ncnn wants it; `split` gives copies.
 */
export class NetworkBuilder {
  readonly #lines: string[] = [];
  readonly #weights: Buffer[] = [];
  readonly #random: () => number;
  readonly #halves: boolean;
  #blobs = 0;

  /** @param weights how those of convolutions are stored; biases and slopes are always fp32 */
  constructor(seed: number, weights: "fp32" | "fp16") {
    this.#random = seededRandom(seed);
    this.#halves = weights === "fp16";
  }

  input(name: string): Blob {
    this.#lines.push(`Input input 0 1 ${name}`);
    this.#blobs++;
    return { name, channels: 3 };
  }

  /** @param params `k=v` pairs, as in a .param file */
  layer(type: string, inputs: readonly Blob[], channels: number, params = "", name?: string): Blob {
    const output = { name: name ?? `blob${this.#blobs}`, channels };
    this.#blobs++;
    const names = [...inputs.map((blob) => blob.name), output.name].join(" ");
    this.#lines.push(`${type} layer${this.#lines.length} ${inputs.length} 1 ${names} ${params}`.trimEnd());
    return output;
  }

  split(input: Blob, count = 2): Blob[] {
    const outputs = Array.from({ length: count }, (_, i) => ({ ...input, name: `${input.name}_${i}` }));
    this.#blobs += count;
    const names = [input, ...outputs].map((blob) => blob.name).join(" ");
    this.#lines.push(`Split layer${this.#lines.length} 1 ${count} ${names}`);
    return outputs;
  }

  convolution(input: Blob, outputs: number, sliding: Sliding, name?: string): Blob {
    return this.#sliding("Convolution", input, outputs, sliding, name);
  }

  deconvolution(input: Blob, outputs: number, sliding: Sliding, name?: string): Blob {
    return this.#sliding("Deconvolution", input, outputs, sliding, name);
  }

  /**
   * @param activation ncnn's number: 1 ReLU, 4 sigmoid
   * @param gain as for convolutions
   */
  innerProduct(input: Blob, outputs: number, activation: 1 | 4, gain = 1): Blob {
    const count = input.channels * outputs;
    this.#tagged(count, (gain * Math.sqrt(2 / input.channels)) / EVEN_SPREAD);
    this.#plain(outputs, () => this.#even(0.5));
    return this.layer("InnerProduct", [input], outputs, `0=${outputs} 1=1 2=${count} 9=${activation}`);
  }

  prelu(input: Blob): Blob {
    this.#plain(input.channels, () => 0.25 * this.#random());
    return this.layer("PReLU", [input], input.channels, `0=${input.channels}`);
  }

  /** One number a channel that does not depend on the image. */
  constant(values: readonly number[]): Blob {
    let index = 0;
    this.#plain(values.length, () => values[index++] ?? 0);
    return this.layer("MemoryData", [], values.length, `0=1 1=1 2=${values.length}`);
  }

  build(): NetworkFiles {
    const header = `7767517\n${this.#lines.length} ${this.#blobs}`;
    return { param: `${header}\n${this.#lines.join("\n")}\n`, bin: Buffer.concat(this.#weights) };
  }

  #sliding(type: string, input: Blob, outputs: number, sliding: Sliding, name?: string): Blob {
    const { kernel, stride = 1, pad = 0, slope, gain = 1, bias = 0 } = sliding;
    const count = input.channels * outputs * kernel ** 2;
    // A transposed convolution adds up (kernel / stride)^2 products an output.
    const terms = input.channels * (type === "Deconvolution" ? kernel / stride : kernel) ** 2;
    this.#tagged(count, (gain * Math.sqrt((slope === undefined ? 1 : 2) / terms)) / EVEN_SPREAD);
    this.#plain(outputs, () => bias + this.#even(0.05));
    const activation = slope === undefined ? "" : ` 9=2 -23310=1,${slope.toExponential(6)}`;
    const params = `0=${outputs} 1=${kernel} 3=${stride} 4=${pad} 5=1 6=${count}${activation}`;
    return this.layer(type, [input], outputs, params, name);
  }

  /** @returns a number spread evenly from -reach to reach */
  #even(reach: number): number {
    return (2 * this.#random() - 1) * reach;
  }

  #tagged(count: number, reach: number): void {
    const tag = Buffer.alloc(4);
    tag.writeUInt32LE(this.#halves ? FP16_TAG : FP32_TAG);
    this.#weights.push(tag);
    if (!this.#halves) {
      this.#plain(count, () => this.#even(reach));
      return;
    }
    const data = Buffer.alloc(Math.ceil(count / 2) * 4);
    for (let i = 0; i < count; i++) data.writeUInt16LE(toHalfBits(this.#even(reach)), 2 * i);
    this.#weights.push(data);
  }

  #plain(count: number, next: () => number): void {
    const data = Buffer.alloc(4 * count);
    for (let i = 0; i < count; i++) data.writeFloatLE(next(), 4 * i);
    this.#weights.push(data);
  }
}
