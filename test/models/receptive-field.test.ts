import { describe, expect, it } from "vitest";
import { describeNetwork } from "../../src/models/family.js";
import { parseParamFile } from "../../src/models/param-file.js";
import { analyseField } from "../../src/models/receptive-field.js";
import { freshSignal, type Signal, type Step, simulate, toParamText } from "./dependency-simulation.js";

const sameConv = (kernel: number, dilation = 1): Step => {
  const pad = ((kernel - 1) * dilation) / 2;
  return { op: "conv", kernel, stride: 1, dilation, before: pad, after: pad };
};
const validConv = (kernel: number): Step => ({
  op: "conv",
  kernel,
  stride: 1,
  dilation: 1,
  before: 0,
  after: 0,
});
/** Two times smaller and back, as the U-nets do, beside the signal itself. */
const downAndUp = (inner: readonly Step[], cut: number): Step => ({
  op: "around",
  steps: [
    { op: "conv", kernel: 2, stride: 2, dilation: 1, before: 0, after: 0 },
    ...inner,
    { op: "deconv", kernel: 2, stride: 2, pad: 0 },
  ],
  cut,
});

function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function randomSteps(seed: number): readonly Step[] {
  const pick = random(seed);
  const keptOrConsumed = pick(2) === 0;
  const conv = (): Step =>
    keptOrConsumed ? sameConv([1, 3, 5][pick(3)] ?? 3, 1 + pick(2)) : validConv(1 + 2 * pick(3));
  const block = (): Step => {
    if (pick(3) > 0) return conv();
    if (keptOrConsumed)
      return downAndUp(
        Array.from({ length: pick(3) }, () => sameConv(3)),
        0,
      );
    const inner = Array.from({ length: pick(3) }, () => validConv(3));
    return downAndUp(inner, 2 * inner.length);
  };
  const enlarge: readonly Step[] = [
    { op: "shuffle", factor: 2 },
    { op: "shuffle", factor: 3 },
    { op: "deconv", kernel: 4, stride: 2, pad: 1 },
    { op: "resize", kind: "nearest", factor: 4 },
    { op: "resize", kind: "linear", factor: 2 },
    { op: "resize", kind: "cubic", factor: 2 },
    { op: "resize", kind: "cubic", factor: 3 },
  ];
  const up = enlarge[pick(enlarge.length)];
  if (up === undefined) throw new Error("no step");
  const before = Array.from({ length: 1 + pick(3) }, block);
  const after = keptOrConsumed ? Array.from({ length: pick(3) }, () => sameConv(3)) : [];
  return [...before, up, ...after];
}

function describeSteps(steps: readonly Step[]) {
  return describeNetwork(parseParamFile(toParamText(steps)));
}

function dependencies(signal: Signal): { least: number; most: number } {
  const all = signal.flatMap((set) => [...set]);
  return { least: Math.min(...all), most: Math.max(...all) };
}

describe("against a forward simulation of dependencies", () => {
  const seeds = Array.from({ length: 60 }, (_, index) => index + 1);

  it.each(seeds)("finds the exact context of random network %i", (seed) => {
    const steps = randomSteps(seed);
    const graph = parseParamFile(toParamText(steps));
    const field = analyseField(graph, "in", graph.outputs[0] ?? "");
    const { scale, consumed, alignment, context } = field;
    const length = 40 * alignment + 2 * consumed;
    const whole = simulate(steps, freshSignal(0, length));
    expect(whole.length).toBe(scale * (length - 2 * consumed));
    const tile = { from: 16 * alignment + consumed, length: 8 * alignment };
    const core = whole.slice(scale * (tile.from - consumed), scale * (tile.from - consumed + tile.length));
    const { least, most } = dependencies(core);
    expect({ left: tile.from - least, right: most - (tile.from + tile.length - 1) }).toEqual({
      left: context.left,
      right: context.right,
    });
    expect({ top: context.top, bottom: context.bottom }).toEqual({
      top: context.left,
      bottom: context.right,
    });
  });

  it.each(seeds)(
    "gives random network %i an overlap with which a tile equals the whole, and one less does not",
    (seed) => {
      const steps = randomSteps(seed);
      const { scale, padding, alignment, overlap, receptiveRadius } = describeSteps(steps);
      const length = 60 * alignment + 2 * padding.pixels;
      const whole = simulate(steps, freshSignal(0, length));
      const from = 28 * alignment + padding.pixels;
      const tile = 4 * alignment;
      const wanted = whole.slice(scale * (from - padding.pixels), scale * (from - padding.pixels + tile));
      const cropped = (margin: number): Signal => {
        const output = simulate(steps, freshSignal(from - margin, from + tile + margin));
        const cut = scale * (margin - padding.pixels);
        return output.slice(cut, cut + scale * tile);
      };
      expect(cropped(overlap)).toEqual(wanted);
      const tighter = overlap - alignment;
      if (tighter >= padding.pixels && tighter < receptiveRadius)
        expect(cropped(tighter)).not.toEqual(wanted);
    },
  );
});

describe("by arithmetic", () => {
  it("gives eight 3x3 convolutions and a pixel shuffle the radius 8", () => {
    const steps: Step[] = [...Array.from({ length: 8 }, () => sameConv(3)), { op: "shuffle", factor: 2 }];
    expect(describeSteps(steps)).toMatchObject({
      scale: 2,
      receptiveRadius: 8,
      overlap: 8,
      alignment: 1,
      padding: { mode: "kept", pixels: 0 },
    });
  });

  it("adds dilation and halves what comes after enlarging, rounded outward", () => {
    const steps: Step[] = [
      sameConv(3, 4),
      { op: "shuffle", factor: 2 },
      sameConv(3),
      sameConv(3),
      sameConv(3),
    ];
    expect(describeSteps(steps).receptiveRadius).toBe(4 + 2);
  });

  it("tells the sides apart where padding is uneven", () => {
    const steps: Step[] = [{ op: "conv", kernel: 4, stride: 1, dilation: 1, before: 3, after: 0 }];
    const graph = parseParamFile(toParamText(steps));
    expect(analyseField(graph, "in", "b1").context).toEqual({ left: 3, right: 0, top: 3, bottom: 0 });
  });

  it("counts what a Padding layer supplies as kept", () => {
    const steps: Step[] = [{ op: "pad", before: 2, after: 2 }, validConv(5), { op: "shuffle", factor: 2 }];
    expect(describeSteps(steps)).toMatchObject({ padding: { mode: "kept", pixels: 0 }, receptiveRadius: 2 });
  });

  it("reads average pooling and bilinear enlarging as a stride and its inverse", () => {
    const steps: Step[] = [
      { op: "average", kernel: 2, stride: 2 },
      { op: "resize", kind: "linear", factor: 2 },
    ];
    // Output 0 samples pooled -0.25: pooled -1 and 0, which are input -2 to 1.
    expect(describeSteps(steps)).toMatchObject({ scale: 1, alignment: 2, receptiveRadius: 2 });
  });

  it("reads SAME padding at stride 1 as kept", () => {
    const text = "7767517\n2 2\nInput i 0 1 in\nConvolution c 1 1 in out 0=3 1=3 4=-233";
    expect(describeNetwork(parseParamFile(text))).toMatchObject({
      receptiveRadius: 1,
      padding: { mode: "kept" },
    });
  });

  it("tells a tall kernel from a wide one", () => {
    const text = "7767517\n2 2\nInput i 0 1 in\nConvolution c 1 1 in out 0=3 1=1 11=5 4=0 14=2";
    expect(analyseField(parseParamFile(text), "in", "out").context).toEqual({
      left: 0,
      right: 0,
      top: 2,
      bottom: 2,
    });
  });

  it("flags a squeeze-excite branch and adds no radius for it", () => {
    const text = [
      "7767517\n7 8",
      "Input i 0 1 in",
      "Convolution c 1 1 in a 0=8 1=3 4=1",
      "Split s 1 2 a a0 a1",
      "Pooling p 1 1 a1 g 0=1 4=1",
      "InnerProduct f 1 1 g w 0=8 9=4",
      "BinaryOp m 2 1 a0 w m 0=2",
      "Convolution d 1 1 m out 0=3 1=3 4=1",
    ].join("\n");
    expect(describeNetwork(parseParamFile(text))).toMatchObject({ globalContext: true, receptiveRadius: 2 });
  });

  it("does not flag a global branch that the output does not use", () => {
    const text = [
      "7767517\n4 5",
      "Input i 0 1 in",
      "Split s 1 2 in a0 a1",
      "Pooling p 1 1 a1 g 0=1 4=1",
      "Convolution d 1 1 a0 out 0=3 1=3 4=1",
    ].join("\n");
    expect(analyseField(parseParamFile(text), "in", "out").globalContext).toBe(false);
  });
});

describe("networks that cannot be run in tiles", () => {
  const oneLayer = (layer: string): string =>
    `7767517\n2 2\nInput i 0 1 in\n${layer.replace("IO", "1 1 in out")}`;

  it.each([
    ["an unknown layer", "LSTM l IO 0=1", /this type of layer/],
    ["a layer that reorders positions", "Permute l IO 0=1", /this type of layer/],
    ["a fixed output size", "Interp l IO 0=2 3=100 4=100", /resizing to a given size/],
    ["aligned corners", "Interp l IO 0=2 1=2.0 2=2.0 6=1", /aligned corners/],
    ["a crop at a fixed place", "Crop l IO 3=100 4=100", /crop to a fixed size/],
    ["a crop counted from the far end", "Crop l IO -23309=1,-10 -23310=1,-2 -23311=1,2", /fixed position/],
    ["joined rows", "Concat l IO 0=1", /joining or splitting rows/],
    ["a deconvolution to a fixed size", "Deconvolution l IO 0=3 1=4 3=2 20=100 21=100", /fixed output size/],
    ["a computed crop", 'Crop l IO 19="1" 20="2" 21="2"', /computed crop/],
    ["a crop with too few values", "Crop l IO -23309=1,1 -23310=1,-1 -23311=2,1,2", /too few values/],
    ["strides too far apart", "Convolution l IO 0=3 1=3 2=1 3=300", /0 to 64, received 300/],
    ["adaptive pooling", "Pooling l IO 7=1 8=4", /adaptive pooling/],
    ["a kernel of 0", "Convolution l IO 0=3", /kernel, stride or dilation of 0/],
    ["a stride of 0", "Convolution l IO 0=3 1=3 3=0", /kernel, stride or dilation of 0/],
    ["an absurd kernel", "Convolution l IO 0=3 1=100000", /0 to 255, received 100000/],
    ["an absurd dilation", "Convolution l IO 0=3 1=3 2=2000000000", /received 2000000000/],
    ["an absurd shuffle", "PixelShuffle l IO 0=1000000", /received 1000000/],
    ["an integer where ncnn wants a float", "Interp l IO 0=1 1=2 2=2", /spelled with/],
    ["a float where ncnn wants an integer", "Convolution l IO 0=3 1=3.0", /to be an integer/],
    ["a shrinking network", "Convolution l IO 0=3 1=2 3=2", /scales by 1 to 8, received 1\/2/],
    ["a scale that is no whole number", "Interp l IO 0=2 1=1.5 2=1.5", /scales by 1 to 8, received 3\/2/],
    ["different scales along the axes", "Interp l IO 0=2 1=2.0 2=3.0", /equal scale/],
    ["a global mean as the result", "Pooling l IO 0=1 4=1", /to be an image/],
    ["a global maximum", "Pooling l IO 0=0 4=1", /maximum over the whole image/],
    ["a global maximum by adaptive pooling", "Pooling l IO 0=0 7=1 8=1", /maximum over the whole image/],
    ["a mean by other means", "Reduction l IO 0=3 1=1", /this type of layer/],
    ["an inner product of positions", "InnerProduct l IO 0=3 2=9", /over an image/],
    ["uneven consumption", "Convolution l IO 0=3 1=3 4=1 15=0 14=1 16=0", /equal padding at both ends/],
    [
      "half a pixel consumed per side",
      "Convolution l IO 0=3 1=2",
      /whole number of padding pixels|equal padding/,
    ],
  ])("refuses %s", (_, layer, message) => {
    const graph = parseParamFile(oneLayer(layer));
    expect(() => analyseField(graph, "in", "out")).toThrow(message);
    expect(() => analyseField(graph, "in", "out")).toThrow(
      expect.objectContaining({ code: "model_invalid" }),
    );
  });

  it("refuses branches of different scale", () => {
    const text = [
      "7767517\n4 5",
      "Input i 0 1 in",
      "Split s 1 2 in a b",
      "PixelShuffle p 1 1 a c 0=2",
      "BinaryOp add 2 1 c b out",
    ].join("\n");
    expect(() => analyseField(parseParamFile(text), "in", "out")).toThrow(/of one scale/);
  });

  it("refuses branches whose lengths never agree", () => {
    const text = [
      "7767517\n4 5",
      "Input i 0 1 in",
      "Split s 1 2 in a b",
      "Convolution c 1 1 a c 0=3 1=3",
      "BinaryOp add 2 1 c b out",
    ].join("\n");
    expect(() => analyseField(parseParamFile(text), "in", "out")).toThrow(/receives \d+ and \d+ elements/);
  });

  it("refuses strides that multiply beyond exact arithmetic instead of rounding", () => {
    const lines = Array.from({ length: 12 }, (_, n) => `Convolution c${n} 1 1 b${n} b${n + 1} 0=3 1=64 3=64`);
    const text = ["7767517", "13 13", "Input i 0 1 b0", ...lines].join("\n");
    expect(() => analyseField(parseParamFile(text), "b0", "b12")).toThrow(/stay below/);
  });

  it("refuses a network that looks further than any tile could bring", () => {
    const lines = Array.from(
      { length: 40 },
      (_, n) => `Convolution c${n} 1 1 b${n} b${n + 1} 0=3 1=64 2=2 4=63`,
    );
    const text = ["7767517", "41 41", "Input i 0 1 b0", ...lines].join("\n");
    expect(() => analyseField(parseParamFile(text), "b0", "b40")).toThrow(/at most 1024 px around/);
  });
});
