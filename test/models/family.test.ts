import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { describeNetwork } from "../../src/models/family.js";
import { parseParamFile } from "../../src/models/param-file.js";
import { describePublished, publishedStems, readGraph } from "./published.js";

const kept = { padding: { mode: "kept", pixels: 0 }, alignment: 1, residual: "none", globalContext: false };
const cugan = {
  family: "realcugan",
  inputBlob: "in0",
  outputBlob: "out0",
  globalContext: true,
  residual: "none",
};
const waifu2x = {
  family: "waifu2x",
  inputBlob: "Input1",
  outputBlob: "Eltwise4",
  scale: 2,
  residual: "none",
};
const compact = { ...kept, family: "compact", inputBlob: "data", outputBlob: "output" };
const consumed = (pixels: number, alignment: number) => ({
  padding: { mode: "consumed", pixels },
  overlap: pixels,
  receptiveRadius: pixels,
  alignment,
});

/** The paddings and alignments are what the programs that these networks were published with use. */
const PUBLISHED: readonly [file: string, expected: object][] = [
  ["realcugan-se/up2x-conservative", { ...cugan, ...consumed(18, 2), scale: 2 }],
  ["realcugan-se/up3x-conservative", { ...cugan, ...consumed(14, 4), scale: 3 }],
  ["realcugan-se/up4x-conservative", { ...cugan, ...consumed(19, 2), scale: 4, residual: "nearest" }],
  ["realcugan-pro/up2x-conservative", { ...cugan, ...consumed(18, 2), scale: 2 }],
  ["realcugan-nose/up2x-no-denoise", { ...cugan, ...consumed(18, 2), scale: 2, globalContext: false }],
  ["waifu2x-cunet/scale2.0x_model", { ...waifu2x, ...consumed(18, 2), globalContext: true }],
  ["waifu2x-upconv7-anime/scale2.0x_model", { ...waifu2x, ...consumed(7, 1), globalContext: false }],
  [
    "realesr-animevideov3/realesr-animevideov3-x4",
    { ...compact, scale: 4, receptiveRadius: 18, overlap: 18 },
  ],
  // The same network shrunk by cubic interpolation, which reads one pixel more.
  [
    "realesr-animevideov3/realesr-animevideov3-x2",
    { ...compact, scale: 2, receptiveRadius: 19, overlap: 19 },
  ],
  [
    "realesr-animevideov3/realesr-animevideov3-x3",
    { ...compact, scale: 3, receptiveRadius: 19, overlap: 19 },
  ],
  [
    "realesr-general-x4v3/RealESRGAN_General_x4_v3",
    { ...compact, scale: 4, receptiveRadius: 34, overlap: 34 },
  ],
  ["opencomic-ai/opencomic-ai-upscale-2x-compact-450000", { ...compact, scale: 2, receptiveRadius: 18 }],
  ["opencomic-ai/opencomic-ai-descreen-hard-compact-450000", { ...compact, scale: 1, receptiveRadius: 18 }],
  ["span-custom/2xHFA2kSPAN_27k", { ...kept, family: "span", scale: 2, receptiveRadius: 21 }],
  ["span-custom/4xNomos8k_span_otf_weak", { ...kept, family: "span", scale: 4, receptiveRadius: 21 }],
];

describePublished("published networks", (folder) => {
  it.each(PUBLISHED)("%s", (file, expected) => {
    expect(describeNetwork(readGraph(folder, file))).toMatchObject(expected);
  });

  it("are all of a family that is known, and get the edges of its own program", () => {
    for (const stem of publishedStems(folder)) {
      const { family, edges } = describeNetwork(readGraph(folder, stem));
      expect(family, stem).not.toBe("generic");
      expect(edges, stem).toBe(stem.startsWith("waifu2x") ? "replicate" : "mirror");
    }
  });
});

describe.each(["bd2x-fast", "bd2x"])("this project's own network %s", (name) => {
  it("is a plain one on half the pixels, whose radius is twice the number of its convolutions", () => {
    const file = new URL(`../../models/${name}/${name}.param`, import.meta.url);
    const text = readFileSync(file, "utf8");
    const convolutions = text.match(/^Convolution /gm)?.length ?? Number.NaN;
    expect(describeNetwork(parseParamFile(text))).toMatchObject({
      ...kept,
      family: "plain",
      scale: 2,
      inputBlob: "data",
      outputBlob: "output",
      alignment: 2,
      receptiveRadius: 2 * convolutions,
      overlap: 2 * convolutions,
      edges: "mirror",
      layerTypes: ["BinaryOp", "Convolution", "Input", "Interp", "PixelShuffle", "Split"],
    });
  });
});

describe("networks of nobody known", () => {
  const graph = (...lines: string[]) =>
    parseParamFile(["7767517", `${lines.length} ${lines.length}`, ...lines].join("\n"));

  it("are generic when they can be run in tiles", () => {
    const network = graph(
      "Input i 0 1 in0",
      "Convolution c 1 1 in0 x 0=12 1=3 4=1",
      "PixelShuffle p 1 1 x out0 0=2",
    );
    expect(describeNetwork(network)).toMatchObject({ family: "generic", scale: 2, receptiveRadius: 1 });
  });

  it("get an overlap that keeps tiles in phase with the strides", () => {
    const network = graph(
      "Input i 0 1 in",
      "Convolution a 1 1 in x 0=8 1=3 4=1",
      "Convolution b 1 1 x y 0=8 1=4 3=4",
      "Deconvolution c 1 1 y out 0=3 1=4 3=4",
    );
    // 1 px of context would do, but only tiles at multiples of 4 see the windows of the whole image.
    expect(describeNetwork(network)).toMatchObject({ receptiveRadius: 1, alignment: 4, overlap: 4 });
  });

  it("are refused without exactly one image in and one out", () => {
    expect(() => describeNetwork(graph("MemoryData m 0 1 data 0=1 1=1 2=3"))).toThrow(/one Input layer/);
    expect(() => describeNetwork(graph("Input i 0 1 a", "Input j 0 1 b"))).toThrow(/one Input layer/);
    const two = parseParamFile("7767517\n2 3\nInput i 0 1 in\nSplit s 1 2 in a b");
    expect(() => describeNetwork(two)).toThrow(/one output blob, received 2: a, b/);
  });

  it("are refused when they are for greyscale images", () => {
    const network = graph("Input i 0 1 in 0=64 1=64 2=1", "Convolution c 1 1 in out 0=1 1=3 4=1");
    expect(() => describeNetwork(network)).toThrow(/3 channels \(RGB\), received one for 1/);
  });

  it("are refused when they give anything but three channels", () => {
    const network = graph("Input i 0 1 in", "Convolution c 1 1 in out 0=4 1=3 4=1");
    expect(() => describeNetwork(network)).toThrow(/gives 3 channels \(RGB\), received 4/);
  });
});
