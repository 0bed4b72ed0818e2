/**
 * A naive reference for receptive fields: runs a one-dimensional network forward on sets of input positions instead of
 * numbers, so that every output element ends up as the set of inputs it is computed from. Padding adds nothing.
 */
export type Signal = readonly ReadonlySet<number>[];

export type Step =
  | { op: "conv"; kernel: number; stride: number; dilation: number; before: number; after: number }
  | { op: "deconv"; kernel: number; stride: number; pad: number }
  | { op: "shuffle"; factor: number }
  | { op: "resize"; kind: "nearest" | "linear" | "cubic"; factor: number }
  | { op: "average"; kernel: number; stride: number }
  | { op: "cut"; before: number; after: number }
  | { op: "pad"; before: number; after: number }
  /** The steps' output added to the signal itself, cut to the same length around the middle. */
  | { op: "around"; steps: readonly Step[]; cut: number };

export function simulate(steps: readonly Step[], input: Signal): Signal {
  return steps.reduce<Signal>((signal, step) => apply(step, signal), input);
}

export function freshSignal(from: number, to: number): Signal {
  return Array.from({ length: to - from }, (_, index) => new Set([from + index]));
}

function union(sets: readonly (ReadonlySet<number> | undefined)[]): ReadonlySet<number> {
  return new Set(sets.flatMap((set) => [...(set ?? [])]));
}

function sequence(length: number): readonly number[] {
  return Array.from({ length }, (_, index) => index);
}

function apply(step: Step, signal: Signal): Signal {
  switch (step.op) {
    case "conv": {
      const padded = [...sequence(step.before).map(() => new Set<number>()), ...signal];
      padded.push(...sequence(step.after).map(() => new Set<number>()));
      const extent = (step.kernel - 1) * step.dilation + 1;
      const length = Math.floor((padded.length - extent) / step.stride) + 1;
      return sequence(length).map((x) =>
        union(sequence(step.kernel).map((tap) => padded[x * step.stride + tap * step.dilation])),
      );
    }
    case "average":
      return apply({ ...step, op: "conv", dilation: 1, before: 0, after: 0 }, signal);
    case "deconv": {
      const full = sequence((signal.length - 1) * step.stride + step.kernel).map(() => new Set<number>());
      for (const [x, set] of signal.entries()) {
        for (const tap of sequence(step.kernel))
          for (const source of set) full[x * step.stride + tap]?.add(source);
      }
      return full.slice(step.pad, full.length - step.pad);
    }
    case "shuffle":
      return signal.flatMap((set) => sequence(step.factor).map(() => set));
    case "resize":
      return sequence(signal.length * step.factor).map((x) =>
        union(resizeTaps(step.kind, step.factor, x).map((tap) => signal[tap])),
      );
    case "cut":
      return signal.slice(step.before, signal.length - step.after);
    case "pad":
      return [
        ...sequence(step.before).map(() => new Set<number>()),
        ...signal,
        ...sequence(step.after).map(() => new Set<number>()),
      ];
    case "around": {
      const inner = simulate(step.steps, signal);
      const skipped = signal.slice(step.cut, signal.length - step.cut);
      if (inner.length !== skipped.length)
        throw new Error(`branches of ${inner.length} and ${skipped.length}`);
      return inner.map((set, index) => union([set, skipped[index]]));
    }
  }
}

/** Samples at (x + 0.5) / factor - 0.5 with the kernel evaluated numerically: a tap counts when its weight is not 0. */
function resizeTaps(kind: "nearest" | "linear" | "cubic", factor: number, x: number): readonly number[] {
  if (kind === "nearest") return [Math.floor(x / factor)];
  const position = (x + 0.5) / factor - 0.5;
  const radius = kind === "cubic" ? 2 : 1;
  const near = sequence(2 * radius + 2).map((index) => Math.floor(position) - radius + index);
  return near.filter((tap) => {
    const distance = Math.abs(position - tap);
    // Both kernels are 0 from their radius on; the cubic one (Keys 1981) is 0 at 1 as well.
    const isZero = distance > radius - 1e-9 || (kind === "cubic" && Math.abs(distance - 1) < 1e-9);
    return !isZero;
  });
}

/** Divisible by the squares of the factors that networks shuffle by. */
const CHANNELS = 36;

interface Blob {
  readonly name: string;
  readonly channels: number;
}

/**
 * Writes the same network as an ncnn graph (one-dimensional steps apply to both axes), with 1x1 convolutions, which
 * change no dependency, wherever another number of channels is needed.
 */
export function toParamText(steps: readonly Step[]): string {
  const lines: string[] = ["Input input 0 1 in"];
  let blobs = 1;
  const layer = (type: string, inputs: readonly Blob[], channels: number, params: string): Blob => {
    const output = { name: `b${blobs++}`, channels };
    const names = [...inputs, output].map(({ name }) => name).join(" ");
    lines.push(`${type} layer${blobs} ${inputs.length} 1 ${names} ${params}`);
    return output;
  };
  const withChannels = (input: Blob, channels: number): Blob =>
    input.channels === channels
      ? input
      : layer("Convolution", [input], channels, `0=${channels} 1=1 6=${channels * input.channels}`);
  const emit = (step: Step, input: Blob): Blob => {
    if (step.op === "shuffle") {
      const wide = withChannels(input, CHANNELS);
      return layer("PixelShuffle", [wide], CHANNELS / step.factor ** 2, `0=${step.factor}`);
    }
    if (step.op !== "around") {
      const [type, params, kernel] = layerOf(step);
      if (kernel === null) return layer(type, [input], input.channels, params);
      const weights = CHANNELS * input.channels * kernel ** 2;
      return layer(type, [input], CHANNELS, `0=${CHANNELS} 1=${kernel} ${params} 6=${weights}`);
    }
    const [inside, outside] = [`b${blobs++}`, `b${blobs++}`];
    lines.push(`Split split${blobs} 1 2 ${input.name} ${inside} ${outside}`);
    const inner = step.steps.reduce((blob, each) => emit(each, blob), { ...input, name: inside });
    const skipped = { ...input, name: outside };
    const cut = step.cut > 0 ? emit({ op: "cut", before: step.cut, after: step.cut }, skipped) : skipped;
    return layer("BinaryOp", [withChannels(inner, cut.channels), cut], cut.channels, "0=0");
  };
  const last = steps.reduce<Blob>((blob, step) => emit(step, blob), { name: "in", channels: 3 });
  withChannels(last, 3);
  return ["7767517", `${lines.length} ${blobs}`, ...lines, ""].join("\n");
}

type LayerText = readonly [type: string, params: string, kernel: number | null];

function layerOf(step: Exclude<Step, { op: "around" | "shuffle" }>): LayerText {
  switch (step.op) {
    case "conv": {
      const pads = `4=${step.before} 15=${step.after} 14=${step.before} 16=${step.after}`;
      return ["Convolution", `2=${step.dilation} 3=${step.stride} ${pads}`, step.kernel];
    }
    case "deconv":
      return ["Deconvolution", `3=${step.stride} 4=${step.pad}`, step.kernel];
    case "resize": {
      const kinds = { nearest: 1, linear: 2, cubic: 3 };
      const factor = step.factor.toFixed(6);
      return ["Interp", `0=${kinds[step.kind]} 1=${factor} 2=${factor}`, null];
    }
    case "average":
      return ["Pooling", `0=1 1=${step.kernel} 2=${step.stride} 5=1`, null];
    case "cut": {
      const end = -step.after || -233;
      return ["Crop", `-23309=2,${step.before},${step.before} -23310=2,${end},${end} -23311=2,1,2`, null];
    }
    case "pad":
      return ["Padding", `0=${step.before} 1=${step.after} 2=${step.before} 3=${step.after}`, null];
  }
}
