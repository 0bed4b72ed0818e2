import type { Random } from "../wire/random.js";

/** Values that are likely to be believed where they must not be. */
const HOSTILE_VALUES = [
  ...[
    "0",
    "1",
    "2",
    "3",
    "-1",
    "-233",
    "-234",
    "16",
    "64",
    "255",
    "4096",
    "65536",
    "2147483647",
    "-2147483648",
  ],
  ...[
    "9999999999",
    "1e9",
    "0x10",
    "nan",
    "inf",
    "-inf",
    "1e39",
    "1e-46",
    "0.5",
    "2.000000e+00",
    "",
    "\u0000",
    "\u00a0",
  ],
];

const LAYER_TYPES = [
  ...[
    "Input",
    "Split",
    "Convolution",
    "Deconvolution",
    "ConvolutionDepthWise",
    "InnerProduct",
    "PReLU",
    "Concat",
  ],
  ...[
    "Slice",
    "Crop",
    "Eltwise",
    "BinaryOp",
    "Scale",
    "Pooling",
    "PixelShuffle",
    "Interp",
    "Padding",
    "MemoryData",
  ],
  ...["Reshape", "Flatten", "BatchNorm", "Noop", "Permute", "Reduction"],
];

type TextMutation = (random: Random, lines: string[]) => string;

const joined = (lines: readonly string[]): string => lines.join("\n");

/** Changes one word of one line. */
const inWord =
  (change: (random: Random, word: string) => string): TextMutation =>
  (random, lines) => {
    const at = random.below(lines.length);
    const words = (lines[at] ?? "").split(" ");
    const index = random.below(words.length);
    words[index] = change(random, words[index] ?? "");
    return joined(lines.with(at, words.join(" ")));
  };

const TEXT_MUTATIONS: readonly TextMutation[] = [
  inWord((random, word) => word.replace(/=.*$/, `=${random.pick(HOSTILE_VALUES)}`)),
  inWord((random, word) => word.replace(/^\d+=/, `${random.below(34)}=`)),
  inWord((random, word) => word.replace(/-?\d+/, random.pick(HOSTILE_VALUES))),
  inWord((random) => random.pick(HOSTILE_VALUES)),
  inWord((random, word) => `${word} ${random.below(32)}=${random.pick(HOSTILE_VALUES)}`),
  inWord((random) => random.pick(LAYER_TYPES)),
  (random, lines) => {
    const at = 2 + random.below(lines.length - 2);
    return joined(lines.with(at, (lines[at] ?? "").replace(/^\S+/, random.pick(LAYER_TYPES))));
  },
  (random, lines) => joined(lines.toSpliced(random.below(lines.length), 1)),
  (random, lines) => joined(lines.toSpliced(random.below(lines.length), 0, random.pick(lines))),
  (random, lines) => {
    const [a, b] = [random.below(lines.length), random.below(lines.length)];
    return joined(lines.with(a, lines[b] ?? "").with(b, lines[a] ?? ""));
  },
  (random, lines) => joined(lines).slice(0, random.below(joined(lines).length)),
  (random, lines) => {
    const text = joined(lines);
    const at = random.below(text.length);
    return (
      text.slice(0, at) +
      String.fromCharCode(random.below(random.below(2) === 0 ? 128 : 65_536)) +
      text.slice(at + 1)
    );
  },
  // A blob under another blob's name: cycles, second producers and consumers.
  (random, lines) => {
    const blobs = lines.slice(2).flatMap((line) =>
      line
        .split(" ")
        .slice(4)
        .filter((word) => !word.includes("=")),
    );
    const [from, to] = [random.pick(blobs), random.pick(blobs)];
    const at = 2 + random.below(lines.length - 2);
    return joined(
      lines.with(
        at,
        (lines[at] ?? "")
          .split(" ")
          .map((word) => (word === from ? to : word))
          .join(" "),
      ),
    );
  },
];

/** @returns the text of a .param file with one to three things changed */
export function mutateGraph(random: Random, text: string): string {
  let mutated = text;
  for (let left = 1 + random.below(3); left > 0; left--) {
    const lines = mutated.split("\n");
    if (lines.length < 4) return mutated;
    mutated = random.pick(TEXT_MUTATIONS)(random, lines);
  }
  return mutated;
}

/** @returns the bytes of a .bin file, changed; of another length in about half of the cases */
export function mutateWeights(random: Random, weights: Uint8Array): Uint8Array {
  const bytes = Buffer.from(weights);
  const at = random.below(bytes.length);
  const word = at - (at % 4);
  switch (random.below(7)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.concat([bytes, random.bytes(1 + random.below(64))]);
    case 2:
      return Buffer.concat([bytes.subarray(0, word), bytes.subarray(word + 4)]);
    case 3:
      bytes.writeUInt32LE(random.pick([0x7f80_0000, 0xff80_0000, 0x7fc0_0000, 0xffff_ffff]), word);
      return bytes;
    case 4:
      bytes.writeUInt32LE(random.pick([1, 0x0130_6b47, 0x0134_8b83, 0x000d_4b38, 0x0002_c056]), 0);
      return bytes;
    case 5:
      bytes[at] = random.below(256);
      return bytes;
    default:
      return Buffer.concat([bytes.subarray(0, word), random.bytes(4), bytes.subarray(word)]);
  }
}
