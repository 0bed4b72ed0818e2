import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resolveForeignModel } from "../../src/models/catalogue.js";
import { ModelError } from "../../src/models/model-error.js";
import { checkWeightFile, type WeightSummary } from "../../src/models/weight-file.js";
import { graphOf } from "./graphs.js";
import { describePublished, publishedStems, readGraph } from "./published.js";

const FP16 = 0x0130_6b47;
const BF16 = 0x0134_8b83;
const INT8 = 0x000d_4b38;
const FP32_SCALED = 0x0002_c056;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "weights-"));
});
afterEach(() => rm(folder, { recursive: true }));

const words = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
const floats = (count: number, value = 0.5): Uint8Array =>
  new Uint8Array(new Float32Array(count).fill(value).buffer);
/** `count` 16-bit patterns and what fills them up to four bytes. */
const halves = (count: number, pattern: number): Uint8Array =>
  new Uint8Array(new Uint16Array(count + (count % 2)).fill(pattern).buffer);
const bytes = (count: number): Uint8Array => new Uint8Array(Math.ceil(count / 4) * 4).fill(0xff);

/** Checks these parts, one after the other, against a network of these layers between its input and output. */
async function check(layers: readonly string[], parts: readonly Uint8Array[]): Promise<WeightSummary> {
  const path = join(folder, "model.bin");
  await writeFile(path, Buffer.concat(parts));
  return checkWeightFile(path, graphOf("Input i 0 1 in", ...layers));
}

const CONVOLUTION = ["Convolution c 1 1 in out 0=3 1=1 5=1 6=9"];

describe("a weight file", () => {
  it.each<[string, readonly Uint8Array[], WeightSummary]>([
    ["fp32", [words(0), floats(9), floats(3)], { precision: "fp32", count: 12 }],
    ["fp32 by its other mark", [words(FP32_SCALED), floats(9), floats(3)], { precision: "fp32", count: 12 }],
    ["fp16", [words(FP16), halves(9, 0x3c00), floats(3)], { precision: "fp16", count: 12 }],
    ["bf16", [words(BF16), halves(9, 0x7c00), floats(3)], { precision: "bf16", count: 12 }],
  ])("may hold weights as %s", async (_, parts, expected) => {
    expect(await check(CONVOLUTION, parts)).toEqual(expected);
  });

  it.each<[string, string[], readonly Uint8Array[], number]>([
    [
      "a convolution without a bias",
      ["Convolution c 1 1 in out 0=3 1=3 11=1 6=27"],
      [words(0), floats(27)],
      27,
    ],
    ["a deconvolution", ["Deconvolution c 1 1 in out 0=3 1=2 3=2 5=1 6=36"], [words(0), floats(36 + 3)], 39],
    [
      "a grouped convolution",
      ["ConvolutionDepthWise c 1 1 in out 0=3 1=3 6=27 7=3"],
      [words(0), floats(27)],
      27,
    ],
    [
      "a grouped deconvolution",
      ["DeconvolutionDepthWise c 1 1 in out 0=6 1=2 3=2 6=24 7=3"],
      [words(0), floats(24)],
      24,
    ],
    ["slopes", ["PReLU p 1 1 in out 0=3"], [floats(3)], 3],
    ["factors and biases", ["Scale s 1 1 in out 0=3 1=1"], [floats(6)], 6],
    ["statistics", ["BatchNorm b 1 1 in out 0=3"], [floats(12)], 12],
    ["a bare constant", ["MemoryData m 0 1 k 0=1 1=1 2=3", "BinaryOp b 2 1 in k out"], [floats(3)], 3],
    [
      "a constant with a mark",
      ["MemoryData m 0 1 k 0=1 1=1 2=3 21=0", "BinaryOp b 2 1 in k out"],
      [words(FP16), halves(3, 0)],
      3,
    ],
    [
      "an inner product",
      ["Pooling p 1 1 in mean 0=1 4=1", "InnerProduct f 1 1 mean out 0=4 1=1 2=12"],
      [words(0), floats(12 + 4)],
      16,
    ],
    ["nothing", ["Sigmoid s 1 1 in out"], [], 0],
  ])("holds %s", async (_, layers, parts, count) => {
    expect(await check(layers, parts)).toMatchObject({ count });
    await expect(check(layers, [...parts, words(0)])).rejects.toThrow(/bytes of weights as the graph says/);
    if (count > 0)
      await expect(check(layers, [Buffer.concat(parts).subarray(0, -4)])).rejects.toThrow(/truncated/);
  });

  it.each<[string, string, number]>([
    ["a convolution", "Convolution c 1 1 in out 0=3 1=1 6=9 8=2", 3 + 1],
    ["a convolution that hands int8 on", "Convolution c 1 1 in out 0=3 1=1 6=9 8=102", 3 + 1 + 1],
    [
      "a convolution with a scale a group",
      "ConvolutionDepthWise c 1 1 in out 0=9 1=1 6=9 7=3 8=101",
      3 + 1 + 1,
    ],
    ["a convolution with one scale", "ConvolutionDepthWise c 1 1 in out 0=9 1=1 6=9 7=3 8=2", 1 + 1],
  ])("holds the int8 scales of %s", async (_, layer, scales) => {
    expect(await check([layer], [words(INT8), bytes(9), floats(scales)])).toEqual({
      precision: "int8",
      count: 9 + scales,
    });
    // Weights that are quantised when they are loaded.
    expect(await check([layer], [words(0), floats(9), floats(scales)])).toMatchObject({ precision: "fp32" });
  });

  it("holds int8 scales of an inner product, but none of its output", async () => {
    const layers = ["Pooling p 1 1 in mean 0=1 4=1", "InnerProduct f 1 1 mean out 0=4 2=12 8=101"];
    expect(await check(layers, [words(INT8), bytes(12), floats(4 + 1)])).toMatchObject({ precision: "int8" });
  });

  it("is as precise as the coarsest of its layers", async () => {
    const layers = ["Convolution a 1 1 in x 0=3 1=1 6=9", "Convolution b 1 1 x out 0=3 1=1 6=9"];
    const parts = [words(FP16), halves(9, 0), words(0), floats(9)];
    expect(await check(layers, parts)).toMatchObject({ precision: "fp16" });
  });

  it("may be larger than what is read at once", async () => {
    const layers = [
      "Convolution a 1 1 in x 0=40000 1=3 6=1080000",
      "Convolution b 1 1 x out 0=3 1=1 6=120000",
    ];
    const parts = [words(0), floats(1_080_000), words(0), floats(120_000)];
    expect(await check(layers, parts)).toEqual({ precision: "fp32", count: 1_200_000 });
    // In the second chunk, which starts at number 262,144.
    floats(1, Number.NaN).forEach((byte, at) => {
      const first = parts[1];
      if (first) first[4 * 300_000 + at] = byte;
    });
    await expect(check(layers, parts)).rejects.toThrow(/layer a \(Convolution\), .* at 300000/);
  });
});

describe("a weight file is refused", () => {
  const good = Buffer.concat([words(0), floats(9), floats(3)]);

  it("at every length that it can be cut to", async () => {
    for (let length = 0; length < good.length; length++)
      await expect(check(CONVOLUTION, [good.subarray(0, length)]), `${length} bytes`).rejects.toThrow(
        ModelError,
      );
  });

  it.each([1, 2, 3, 4, 1000])("with %i bytes too many", async (more) => {
    await expect(check(CONVOLUTION, [good, new Uint8Array(more)])).rejects.toThrow(
      `expected 52 bytes of weights as the graph says, received ${52 + more}`,
    );
  });

  it.each<[string, readonly Uint8Array[], RegExp]>([
    [
      "a NaN among its weights",
      [words(0), floats(8), floats(1, Number.NaN), floats(3)],
      /weights of layer c .* at 8/,
    ],
    ["an infinite bias", [words(0), floats(9), floats(2), floats(1, -Infinity)], /bias of layer c .* at 2/],
    ["an fp16 NaN", [words(FP16), halves(9, 0x7e00), floats(3)], /finite .* layer c/],
    ["an fp16 infinity", [words(FP16), halves(9, 0xfc00), floats(3)], /finite .* layer c/],
    ["a bf16 infinity", [words(BF16), halves(9, 0x7f80), floats(3)], /finite .* layer c/],
    ["an unknown mark", [words(7), floats(9), floats(3)], /layer c .*the mark 0x7/],
    ["int8 weights and no scales", [words(INT8), bytes(9), floats(3)], /int8 scales for .* layer c/],
  ])("with %s", async (_, parts, message) => {
    await expect(check(CONVOLUTION, parts)).rejects.toThrow(message);
    await expect(check(CONVOLUTION, parts)).rejects.toMatchObject({ code: "model_invalid" });
  });

  it("when it holds int8 weights for a layer that cannot calculate with them", async () => {
    const layers = ["Deconvolution c 1 1 in out 0=3 1=2 3=2 6=36 8=1"];
    await expect(check(layers, [words(INT8), bytes(36)])).rejects.toThrow(/int8 scales for .* layer c/);
  });

  it.each([
    ["a convolution", "Convolution c 1 1 in out 0=3 1=3 6=82", /81 weights .*received 82/],
    ["a convolution without weights", "Convolution c 1 1 in out 0=3 1=3", /81 weights .*received 0/],
    ["an absurd convolution", "Convolution c 1 1 in out 0=65536 1=255 6=2147483647", /received 2147483647/],
    [
      "a grouped convolution",
      "ConvolutionDepthWise c 1 1 in out 0=3 1=3 6=81 7=3",
      /27 weights .*received 81/,
    ],
    ["unknown int8 scales", "ConvolutionDepthWise c 1 1 in out 0=3 1=3 6=27 7=3 8=9", /kind of int8 scales/],
    ["a constant of unknown storage", "MemoryData c 0 1 out 0=1 1=1 2=3 21=7", /21 .* 0 to 1, received 7/],
  ])("when its graph misstates %s", async (_, layer, message) => {
    await expect(check([layer], [good])).rejects.toThrow(message);
  });

  it("when it is not there, or no file", async () => {
    const graph = graphOf("Input i 0 1 in");
    await expect(checkWeightFile(join(folder, "none.bin"), graph)).rejects.toMatchObject({
      code: "model_invalid",
    });
    await expect(checkWeightFile(folder, graph)).rejects.toMatchObject({ code: "model_invalid" });
  });
});

describePublished("published weights", (root) => {
  it("are all accepted, and are stored as fp16", async () => {
    const precisions = new Set<string>();
    for (const stem of publishedStems(root)) {
      // The weights of all animevideov3 models are the same; one of them may lack its copy.
      const weights = stem.replace("animevideov3-x3", "animevideov3-x2");
      const found = await checkWeightFile(join(root, `${weights}.bin`), readGraph(root, stem));
      precisions.add(found.precision);
    }
    expect([...precisions]).toEqual(["fp16"]);
  });

  it("are refused beside the graph of another model", async () => {
    const other = join(root, "opencomic-ai/opencomic-ai-upscale-4x-compact-450000.bin");
    const graph = readGraph(root, "opencomic-ai/opencomic-ai-upscale-2x-compact-450000");
    await expect(checkWeightFile(other, graph)).rejects.toThrow(ModelError);
  });

  it("are chosen from their folders as their own programs do", async () => {
    const names = ["realcugan-se", "waifu2x-cunet", "waifu2x-upconv7-anime", "opencomic-ai"].map(
      async (family) => (await resolveForeignModel(join(root, family))).name,
    );
    expect(await Promise.all(names)).toEqual([
      "up2x-conservative",
      "noise0_scale2.0x_model",
      "noise0_scale2.0x_model",
      "opencomic-ai-upscale-2x-compact-450000",
    ]);
    await copyFile(join(root, "realcugan-se/up2x-conservative.param"), join(folder, "m.param"));
    await copyFile(join(root, "realcugan-se/up4x-conservative.bin"), join(folder, "m.bin"));
    await expect(resolveForeignModel(folder)).rejects.toThrow(ModelError);
  });
});
