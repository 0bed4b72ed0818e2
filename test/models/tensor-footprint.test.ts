import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { describeNetwork } from "../../src/models/family.js";
import { parseParamFile } from "../../src/models/param-file.js";
import { graphOf } from "./graphs.js";
import { describePublished, publishedStems, readGraph } from "./published.js";

const footprint = (...lines: string[]) => {
  const { tensorFloatsPerPixel, winogradFloatsPerPixel } = describeNetwork(graphOf(...lines));
  return { tensors: tensorFloatsPerPixel, winograd: winogradFloatsPerPixel };
};

describe("memory of blobs", () => {
  it("counts a layer's input and output together, and frees the input after its last reader", () => {
    // 3 + 10, then 10 + 3: never all three.
    expect(
      footprint("Input i 0 1 in", "Convolution a 1 1 in x 0=10 1=1", "Convolution b 1 1 x out 0=3 1=1"),
    ).toEqual({
      tensors: 13,
      winograd: 0,
    });
  });

  it("counts the padded copy of a convolution's input", () => {
    expect(footprint("Input i 0 1 in", "Convolution a 1 1 in out 0=3 1=3 4=1").tensors).toBe(9);
  });

  it("keeps a blob that is read again later, once for all that Split hands out", () => {
    const tensors = footprint(
      "Input i 0 1 in",
      "Split s 1 3 in a b c",
      "Convolution a 1 1 a x 0=20 1=1",
      "Convolution b 1 1 x y 0=3 1=1",
      "BinaryOp p 2 1 y b z",
      "BinaryOp q 2 1 z c out",
    ).tensors;
    // The input with 20 channels and the 3 made from them.
    expect(tensors).toBe(3 + 20 + 3);
  });

  it("counts nothing for layers that write over their input", () => {
    const lines = (...between: string[]) => ["Input i 0 1 in", "Convolution a 1 1 in x 0=10 1=1", ...between];
    const plain = footprint(...lines("Convolution b 1 1 x out 0=3 1=1"));
    const activated = lines(
      "PReLU r 1 1 x y 0=10",
      "BinaryOp h 1 1 y z 0=2 1=1 2=0.5",
      "Convolution b 1 1 z out 0=3 1=1",
    );
    expect(footprint(...activated)).toEqual(plain);
  });

  it("counts a copy where such a layer's input is read by another as well", () => {
    const tensors = footprint(
      "Input i 0 1 in",
      "Convolution a 1 1 in x 0=10 1=1",
      "Split s 1 2 x a b",
      "Sigmoid g 1 1 a c",
      "BinaryOp m 2 1 b c y 0=2",
      "Convolution b 1 1 y out 0=3 1=1",
    ).tensors;
    // Both operands and the product.
    expect(tensors).toBe(30);
  });

  it("weighs blobs by their resolution", () => {
    const halved = footprint(
      "Input i 0 1 in",
      "Convolution a 1 1 in x 0=40 1=2 3=2",
      "Deconvolution b 1 1 x out 0=3 1=4 3=4",
    );
    // 3 and a quarter of 40, then that with 3 channels at twice the size along each axis.
    expect(halved.tensors).toBe(40 / 4 + 3 * 4);
  });

  it("is refused when no device could hold it", () => {
    const shuffles = ["a", "b", "c"].map(
      (to, n) => `Interp r${n} 1 1 ${["x", "a", "b"][n]} ${to} 0=1 1=16.0 2=16.0`,
    );
    const lines = ["Input i 0 1 in", "Convolution v 1 1 in x 0=3 1=1", ...shuffles];
    const shrunk = ["Convolution w 1 1 c d 0=3 1=64 3=64", "Convolution z 1 1 d out 0=3 1=64 3=64"];
    expect(() => describeNetwork(graphOf(...lines, ...shrunk))).toThrow(
      /at most 65536 values per input pixel/,
    );
  });
});

describe("memory of Winograd", () => {
  const single = (params: string, channels: number): number =>
    footprint(
      "Input i 0 1 in",
      "Convolution a 1 1 in x 0=16 1=1",
      `Convolution b 1 1 x y 0=${channels} ${params}`,
      "Convolution c 1 1 y out 0=3 1=1",
    ).winograd;

  it("is 2.25 times what goes in and comes out of a 3x3 convolution", () => {
    expect(single("1=3 4=1", 16)).toBe(2.25 * (16 + 16));
    expect(single("1=3", 48)).toBe(2.25 * (16 + 48));
  });

  it.each([
    ["another kernel", "1=5 4=2", 16],
    ["a kernel that is no square", "1=3 4=1 11=1 14=0", 16],
    ["a dilation", "1=3 2=2 4=2", 16],
    ["few channels", "1=3 4=1", 15],
  ])("is nothing with %s", (_, params, channels) => {
    expect(single(params, channels)).toBe(0);
  });

  it("tells its larger half, and the largest blob, on their own", () => {
    const { largestBlobFloatsPerPixel, largestWinogradFloatsPerPixel } = describeNetwork(
      graphOf(
        "Input i 0 1 in",
        "Convolution a 1 1 in x 0=16 1=1",
        "Convolution b 1 1 x y 0=48 1=3 4=1",
        "Convolution c 1 1 y out 0=3 1=1",
      ),
    );
    expect([largestBlobFloatsPerPixel, largestWinogradFloatsPerPixel]).toEqual([48, 2.25 * 48]);
  });

  it("is that of the layer for which resolution and channels together are largest", () => {
    const { winograd } = footprint(
      "Input i 0 1 in",
      "Convolution a 1 1 in x 0=64 1=2 3=2",
      "Convolution b 1 1 x y 0=64 1=3 4=1",
      "PixelShuffle p 1 1 y z 0=2",
      "Convolution c 1 1 z w 0=16 1=3 4=1",
      "Convolution d 1 1 w out 0=3 1=1",
    );
    // (64 + 64) / 4 at half the size; 16 + 16 at full size is as much, 64 more channels would be counted whole.
    expect(winograd).toBe(2.25 * 32);
  });
});

it.each([
  ["bd2x-fast", 64],
  ["bd2x", 128],
])(
  "the shipped network %s holds its input, and a padded copy and two blobs of %i channels at half its size",
  (name, channels) => {
    const text = readFileSync(new URL(`../../models/${name}/${name}.param`, import.meta.url), "utf8");
    expect(describeNetwork(parseParamFile(text))).toMatchObject({
      tensorFloatsPerPixel: 3 + (3 * channels) / 4,
      winogradFloatsPerPixel: (2.25 * 2 * channels) / 4,
    });
  },
);

describePublished("memory of published networks", (folder) => {
  it("stays far below what is refused", () => {
    for (const stem of publishedStems(folder)) {
      const { tensorFloatsPerPixel, winogradFloatsPerPixel } = describeNetwork(readGraph(folder, stem));
      expect(tensorFloatsPerPixel, stem).toBeLessThan(2000);
      expect(tensorFloatsPerPixel, stem).toBeGreaterThan(100);
      expect(winogradFloatsPerPixel, stem).toBeLessThan(3000);
    }
  });
});
