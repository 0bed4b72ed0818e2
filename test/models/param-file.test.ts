import { describe, expect, it } from "vitest";
import { ModelError } from "../../src/models/model-error.js";
import { MAX_PARAM_FILE_BYTES, parseParamFile } from "../../src/models/param-file.js";

const GOOD = [
  "7767517",
  "3 4",
  "Input            input    0 1 data",
  "Split            split    1 2 data a b",
  "Convolution      conv     1 1 a output 0=32 1=3 9=2 -23310=1,1.000000e-01 31=4 17=0.5",
];

const parse = (...lines: string[]) => parseParamFile(lines.join("\n"));

describe("a sound file", () => {
  it("becomes layers, blobs and parameters", () => {
    const graph = parse(...GOOD, "");
    expect(graph.layers.map(({ type, name, inputs, outputs }) => [type, name, inputs, outputs])).toEqual([
      ["Input", "input", [], ["data"]],
      ["Split", "split", ["data"], ["a", "b"]],
      ["Convolution", "conv", ["a"], ["output"]],
    ]);
    expect(graph.outputs).toEqual(["b", "output"]);
    const params = graph.layers[2]?.params;
    expect(params?.int(0, -1)).toBe(32);
    expect(params?.int(4, 7)).toBe(7);
    expect(params?.array(10)).toEqual([0.1]);
    expect(params?.float(17, 0)).toBe(0.5);
  });

  it("may have Windows line ends and blank lines at its end", () => {
    expect(parseParamFile(`${GOOD.join("\r\n")}\r\n\r\n`).layers).toHaveLength(3);
  });

  it("may separate words by tabs and any number of blanks", () => {
    const graph = parse("7767517", " 1\t1 ", "\tInput   i\t0 1  data 0=4 ");
    expect(graph.layers[0]?.params.int(0, -1)).toBe(4);
  });

  it("tells arrays of integers from others, as ncnn does", () => {
    const { params } =
      parse("7767517", "1 1", "Input i 0 1 data -23300=2,1,-2 -23301=2,1,2.0").layers[0] ?? {};
    expect(params?.integers(0)).toEqual([1, -2]);
    expect(params?.integers(7)).toBeNull();
    expect(() => params?.integers(1)).toThrow(/parameter 1 .* array of integers/);
  });

  it("may name blobs like members of Object", () => {
    const graph = parse("7767517", "2 2", "Input i 0 1 __proto__", "ReLU r 1 1 __proto__ constructor");
    expect(graph.outputs).toEqual(["constructor"]);
  });

  it("may hold parameters that nothing here knows, texts included", () => {
    const graph = parse("7767517", "1 1", 'Input i 0 1 data 29=7 22="a*b" 23=word');
    expect(graph.layers[0]?.params.int(29, 0)).toBe(7);
  });
});

describe("a damaged or hostile file", () => {
  const replaced = (line: number, text: string): string[] =>
    GOOD.map((each, index) => (index === line ? text : each));

  it.each<[string, string[], RegExp]>([
    ["empty", [], /start with 7767517, received ""/],
    ["another format", ["\u0000\u0001binary"], /start with 7767517/],
    ["the magic alone", ["7767517"], /line 2 .* received ""/],
    ["counts that are no numbers", replaced(1, "three four"), /line 2/],
    ["counts below 1", replaced(1, "0 0"), /line 2/],
    ["a negative count", replaced(1, "-3 4"), /line 2/],
    ["an absurd layer count", replaced(1, "2147483647 4"), /line 2/],
    ["an absurd blob count", replaced(1, "3 999999999"), /line 2/],
    ["three counts", replaced(1, "3 4 5"), /line 2/],
    ["cut off between lines", GOOD.slice(0, 4), /expected 3 layer lines .* received 2/],
    ["cut off inside a layer", replaced(4, "Convolution      conv     1 1 a"), /line 5/],
    ["more layers than it says", [...GOOD, "ReLU r 1 1 output x"], /received 4/],
    ["fewer blobs than it says", replaced(1, "3 5"), /expected 5 blobs .* received 4/],
    ["an input count that lies", replaced(3, "Split split 9 2 data a b"), /line 4/],
    ["an input count of 1e9", replaced(3, "Split split 1000000000 2 data a b"), /line 4/],
    ["a negative input count", replaced(3, "Split split -1 2 data a b"), /line 4/],
    [
      "a blob that is never produced",
      replaced(4, "Convolution conv 1 1 ghost output"),
      /"ghost".*no earlier layer/,
    ],
    [
      "a blob that is produced later",
      [...GOOD.slice(0, 2), GOOD[3] ?? "", GOOD[2] ?? "", GOOD[4] ?? ""],
      /"data".*no earlier/,
    ],
    ["a layer that consumes itself", replaced(4, "Convolution conv 1 1 output output"), /no earlier layer/],
    [
      "a blob that is produced twice",
      replaced(4, "Convolution conv 1 1 a b"),
      /one layer to produce blob "b"/,
    ],
    ["a blob with two consumers", replaced(4, "BinaryOp add 2 1 a a output"), /Split layer is missing/],
    ["a parameter without a key", replaced(4, "Convolution conv 1 1 a output 32"), /key=value/],
    ["a parameter key out of range", replaced(4, "Convolution conv 1 1 a output 32=1"), /key of 0 to 31/],
    ["a negative parameter key", replaced(4, "Convolution conv 1 1 a output -5=1"), /key of 0 to 31/],
    ["an array key out of range", replaced(4, "Convolution conv 1 1 a output -23399=1,1"), /key of 0 to 31/],
    ["a value that is no number", replaced(4, "Convolution conv 1 1 a output 0=#"), /expected a number/],
    [
      "a value beyond 32 bits",
      replaced(4, "Convolution conv 1 1 a output 0=4294967296"),
      /expected a number/,
    ],
    ["an infinite value", replaced(4, "Convolution conv 1 1 a output 0=1e999"), /expected a number/],
    ["a missing value", replaced(4, "Convolution conv 1 1 a output 0="), /expected a number/],
    ["a value beyond fp32", replaced(4, "Convolution conv 1 1 a output 17=1e39"), /expected a number/],
    ["a NaN in an array", replaced(4, "Convolution conv 1 1 a output -23310=1,nan"), /expected a number/],
    [
      "an infinity in an array",
      replaced(4, "Convolution conv 1 1 a output -23310=1,-inf"),
      /expected a number/,
    ],
    ["counts in another spelling", replaced(1, "0x3 4e0"), /line 2/],
    ["an input count in another spelling", replaced(3, "Split split 1e0 2 data a b"), /line 4/],
    [
      "a name with a control byte",
      replaced(4, "Convolution co\u001bnv 1 1 a output"),
      /printable ASCII.*line 5/,
    ],
    [
      "a name with a zero byte",
      replaced(4, "Convolution co\u0000nv 1 1 a output"),
      /"Convolution co\\u0000nv/,
    ],
    ["a blank that ncnn takes for a letter", replaced(4, "Convolution\u00a0conv 1 1 a output"), /\\u00a0/],
    [
      "a line end that only ncnn takes for one",
      replaced(4, "Convolution conv 1 1 a output\r0=3"),
      /printable/,
    ],
    ["a mark of byte order", replaced(0, "\ufeff7767517"), /start with 7767517, received "\\ufeff7767517"/],
    ["an array shorter than it says", replaced(4, "Convolution conv 1 1 a output -23310=3,1,2"), /an array/],
    ["an array of length 1e9", replaced(4, "Convolution conv 1 1 a output -23310=1000000000,1"), /an array/],
    ["an array of words", replaced(4, "Convolution conv 1 1 a output -23310=1,x"), /expected a number/],
    ["an endless name", replaced(4, `Convolution ${"n".repeat(300)} 1 1 a output`), /at most 255 characters/],
  ])("is refused: %s", (_, lines, message) => {
    expect(() => parse(...lines)).toThrow(ModelError);
    expect(() => parse(...lines)).toThrow(message);
  });

  it("is refused beyond the size limit before it is split into lines", () => {
    expect(() => parseParamFile(`7767517\n${" ".repeat(MAX_PARAM_FILE_BYTES)}`)).toThrow(
      /at most 1048576 bytes/,
    );
  });

  it("is refused at every length that it can be cut to", () => {
    const text = GOOD.join("\n");
    const lastParameters = text.indexOf(" 0=32");
    for (let length = 0; length < lastParameters - 1; length++) {
      const cut = text.slice(0, length);
      // A shorter last blob name is still a sound file.
      if (/ a o\w*$/.test(cut)) continue;
      expect(() => parseParamFile(cut), `${length} characters`).toThrow(ModelError);
    }
  });

  it("never gets a long excerpt of itself into the message", () => {
    try {
      parseParamFile("x".repeat(100_000));
      expect.unreachable();
    } catch (thrown) {
      expect((thrown as Error).message.length).toBeLessThan(300);
    }
  });
});
