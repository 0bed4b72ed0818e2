import { expect, it } from "vitest";
import { describeNetwork } from "../../src/models/family.js";
import { graphOf } from "./graphs.js";

it.each<[string, readonly string[], number]>([
  [
    "a convolution for each of its outputs",
    [
      "Input i 0 1 in",
      "Convolution a 1 1 in x 0=8 1=3 4=1 6=216",
      "Convolution b 1 1 x y 0=12 1=1 6=96",
      "PixelShuffle s 1 1 y out 0=2",
    ],
    216 + 96,
  ],
  [
    "one behind an enlargement for each of the many pixels there",
    ["Input i 0 1 in", "Interp u 1 1 in x 0=1 1=2.0 2=2.0", "Convolution a 1 1 x out 0=3 1=3 4=1 6=81"],
    4 * 81,
  ],
  [
    "one with a stride for a quarter, and a transposed one for its inputs",
    [
      "Input i 0 1 in",
      "Convolution a 1 1 in x 0=4 1=2 3=2 6=48",
      "Deconvolution d 1 1 x out 0=3 1=4 3=4 4=0 6=192",
    ],
    (48 + 192) / 4,
  ],
])("counts %s", (_, lines, expected) => {
  expect(describeNetwork(graphOf(...lines)).multiplicationsPerPixel).toBe(expected);
});
