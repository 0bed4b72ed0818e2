import { describe, expect, it } from "vitest";
import { analyseField } from "../../src/models/receptive-field.js";
import { graphOf } from "./graphs.js";

describe("a branch with one value for the whole image", () => {
  const branch = (...layers: string[]) => {
    const lines = ["Input i 0 1 in", "Split s 1 2 in a b", "Pooling p 1 1 b mean 0=1 4=1", ...layers];
    return analyseField(graphOf(...lines), "in", "out");
  };

  it("may be laid out anew, weighted and multiplied with the image", () => {
    const field = branch(
      "Reshape r 1 1 mean flat 0=-1",
      "InnerProduct f 1 1 flat w 0=3 2=9",
      "Sigmoid g 1 1 w v",
      "BinaryOp m 2 1 a v out 0=2",
    );
    expect(field).toMatchObject({ globalContext: true, scale: 1 });
  });

  // ncnn does not check any of these: it would read past the end of the smaller blob.
  it.each([
    ["joined with the image", ["Concat c 2 1 a mean out"], /beside one value/],
    ["summed with the image by Eltwise", ["Eltwise e 2 1 a mean out 0=1"], /beside one value/],
    ["scaled by the image", ["Scale e 2 1 mean a out 0=-233"], /factor for each position/],
    ["enlarged", ["PixelShuffle p 1 1 mean x 0=2", "BinaryOp m 2 1 a x out"], /one value of the whole image/],
    ["filtered", ["Convolution c 1 1 mean x 0=3 1=3 4=1", "BinaryOp m 2 1 a x out"], /filtering one value/],
    ["cut", ["Crop c 1 1 mean x 0=1", "BinaryOp m 2 1 a x out"], /one value of the whole image/],
  ])("is refused when it is %s", (_, layers, message) => {
    expect(() => branch(...layers)).toThrow(message);
  });
});
