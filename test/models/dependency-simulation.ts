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

/** Writes the same network as an ncnn graph (one-dimensional steps apply to both axes). */
export function toParamText(steps: readonly Step[]): string {
  const lines: string[] = ["Input input 0 1 in"];
  let blobs = 1;
  const fresh = (): string => `b${blobs++}`;
  const emit = (step: Step, input: string): string => {
    if (step.op === "around") {
      const [inside, outside] = [fresh(), fresh()];
      lines.push(`Split split${blobs} 1 2 ${input} ${inside} ${outside}`);
      const inner = step.steps.reduce((blob, each) => emit(each, blob), inside);
      const skipped =
        step.cut > 0 ? emit({ op: "cut", before: step.cut, after: step.cut }, outside) : outside;
      const sum = fresh();
      lines.push(`BinaryOp add${blobs} 2 1 ${inner} ${skipped} ${sum} 0=0`);
      return sum;
    }
    const output = fresh();
    lines.push(`${layerOf(step)[0]} layer${blobs} 1 1 ${input} ${output} ${layerOf(step)[1]}`);
    return output;
  };
  steps.reduce((blob, step) => emit(step, blob), "in");
  return ["7767517", `${lines.length} ${blobs}`, ...lines, ""].join("\n");
}

function layerOf(step: Exclude<Step, { op: "around" }>): readonly [type: string, params: string] {
  switch (step.op) {
    case "conv":
      return [
        "Convolution",
        `0=8 1=${step.kernel} 2=${step.dilation} 3=${step.stride} 4=${step.before} 15=${step.after} 14=${step.before} 16=${step.after}`,
      ];
    case "deconv":
      return ["Deconvolution", `0=8 1=${step.kernel} 3=${step.stride} 4=${step.pad}`];
    case "shuffle":
      return ["PixelShuffle", `0=${step.factor}`];
    case "resize": {
      const kinds = { nearest: 1, linear: 2, cubic: 3 };
      return ["Interp", `0=${kinds[step.kind]} 1=${step.factor.toFixed(6)} 2=${step.factor.toFixed(6)}`];
    }
    case "average":
      return ["Pooling", `0=1 1=${step.kernel} 2=${step.stride} 5=1`];
    case "cut":
      return [
        "Crop",
        `-23309=2,${step.before},${step.before} -23310=2,${-step.after || -233},${-step.after || -233} -23311=2,1,2`,
      ];
    case "pad":
      return ["Padding", `0=${step.before} 1=${step.after} 2=${step.before} 3=${step.after}`];
  }
}
