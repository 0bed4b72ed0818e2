import { expect, it } from "vitest";
import { describeNetwork } from "../../src/models/family.js";
import { graphOf } from "./graphs.js";
import { describePublished, readGraph } from "./published.js";

/** Squeeze-and-excitation: each channel of `blob` times a factor made from its mean. */
const squeeze = (n: number, from: string, to: string, channels: number): string[] => [
  `Split s${n} 1 2 ${from} p${n} q${n}`,
  `Pooling p${n} 1 1 q${n} mean${n} 0=1 4=1`,
  `InnerProduct f${n} 1 1 mean${n} w${n} 0=${channels} 2=${channels ** 2}`,
  `BinaryOp m${n} 2 1 p${n} w${n} ${to} 0=2`,
];

it("global means are found in the graph's order, with the stride of what they average", () => {
  const graph = graphOf(
    "Input i 0 1 in",
    "Convolution a 1 1 in a 0=8 1=2 3=2",
    ...squeeze(1, "a", "b", 8),
    "PixelShuffle u 1 1 b c 0=2",
    "Convolution b 1 1 c d 0=12 1=3 4=1",
    ...squeeze(2, "d", "e", 12),
    "PixelShuffle v 1 1 e f 0=2",
    ...squeeze(3, "f", "out", 3),
  );
  expect(describeNetwork(graph)).toMatchObject({
    globalContext: true,
    globalPools: [
      { pooled: "mean1", source: "q1", channels: 8, strideNumerator: 2, strideDenominator: 1 },
      { pooled: "mean2", source: "q2", channels: 12, strideNumerator: 1, strideDenominator: 1 },
      { pooled: "mean3", source: "q3", channels: 3, strideNumerator: 1, strideDenominator: 2 },
    ],
  });
});

it("a stride is given in lowest terms where it is neither whole nor one over something", () => {
  const graph = graphOf(
    "Input i 0 1 in",
    "Deconvolution a 1 1 in a 0=8 1=3 3=3",
    "Convolution b 1 1 a b 0=8 1=4 3=4 4=0",
    ...squeeze(1, "b", "c", 8),
    "Deconvolution c 1 1 c d 0=8 1=4 3=4",
    "Convolution d 1 1 d out 0=3 1=1",
  );
  expect(describeNetwork(graph).globalPools).toMatchObject([{ strideNumerator: 4, strideDenominator: 3 }]);
});

it("a mean of a mean is no second one", () => {
  const graph = graphOf(
    "Input i 0 1 in",
    "Split s 1 2 in a b",
    "Pooling p 1 1 b once 0=1 4=1",
    "Pooling q 1 1 once twice 0=1 7=1 8=1",
    "BinaryOp m 2 1 a twice out 0=2",
  );
  expect(describeNetwork(graph).globalPools.map(({ pooled }) => pooled)).toEqual(["once"]);
});

it("a mean over blobs with different strides along the axes is refused", () => {
  const graph = graphOf(
    "Input i 0 1 in",
    "Split s 1 2 in a b",
    "Convolution n 1 1 b c 0=4 1=2 3=2 11=1 13=1",
    "Pooling p 1 1 c mean 0=1 4=1",
    "InnerProduct f 1 1 mean w 0=3 2=12",
    "BinaryOp m 2 1 a w out 0=2",
  );
  expect(() => describeNetwork(graph)).toThrow(/one stride, received 2\/1 along x and 1\/1 along y/);
});

describePublished("global means of published networks", (folder) => {
  it.each([
    ["realcugan-se/up2x-conservative", ["gap0 2/1 64", "gap1 1/1 128", "gap2 2/1 128", "gap3 1/1 64"]],
    ["realcugan-se/up3x-conservative", ["gap0 2/1 64", "gap1 2/3 128", "gap2 4/3 128", "gap3 2/3 64"]],
    [
      "waifu2x-cunet/scale2.0x_model",
      ["Pooling1 2/1 64", "Pooling2 1/1 128", "Pooling3 2/1 128", "Pooling4 1/1 64"],
    ],
    ["realcugan-nose/up2x-no-denoise", []],
    ["realesr-animevideov3/realesr-animevideov3-x2", []],
  ])("%s", (stem, expected) => {
    const { globalPools } = describeNetwork(readGraph(folder, stem));
    const found = globalPools.map(
      ({ pooled, channels, strideNumerator, strideDenominator }) =>
        `${pooled} ${strideNumerator}/${strideDenominator} ${channels}`,
    );
    expect(found).toEqual(expected);
  });
});
