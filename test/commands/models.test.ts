import { appendFile, copyFile, cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EXIT } from "../../protocol/error-codes.js";
import {
  formatModelInfo,
  formatModels,
  type ModelInfo,
  runModelInfo,
  runModelList,
  runModelVerify,
} from "../../src/commands/models.js";
import { MODELS_FOLDER } from "../../src/commands/open-engine.js";
import { exitCodeOf } from "../../src/commands/run-program.js";
import { loadNcnnAddon } from "../../src/engine/native.js";
import { resolveForeignModel } from "../../src/models/catalogue.js";
import { CHANNEL_RULES } from "../../src/models/channel-rules.js";
import { paramText } from "../models/graphs.js";
import { describePublished } from "../models/published.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "models-command-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** @returns what a command writes */
async function written(command: (output: Writable) => Promise<number>): Promise<string> {
  const chunks: string[] = [];
  const output = new Writable({
    write(chunk: Buffer, _, done) {
      chunks.push(chunk.toString());
      done();
    },
  });
  expect(await command(output)).toBe(EXIT.ok);
  return chunks.join("");
}

const anything = { scale: null, noise: null };
const info = (path: string, options: object = {}) =>
  written((output) => runModelInfo(path, { ...anything, json: false, ...options }, output));

const SQUEEZE = paramText(
  "Input i 0 1 in0",
  "Split s 1 2 in0 a b",
  "Pooling p 1 1 b gap 0=1 4=1",
  "InnerProduct f 1 1 gap w 0=3 2=9",
  "BinaryOp m 2 1 a w out0 0=2",
);

async function addSqueeze(stem: string): Promise<void> {
  await writeFile(join(folder, `${stem}.param`), SQUEEZE);
  await writeFile(join(folder, `${stem}.bin`), new Uint8Array(4 + 4 * 9));
}

describe("models list", () => {
  it("shows every model of the manifest, with a star the defaults of GPUs and of everything else", async () => {
    const lines = (await written((output) => runModelList({ json: false }, output))).trimEnd().split("\n");
    expect(lines.filter((line) => line.startsWith("*"))).toEqual([
      expect.stringMatching(/^\* bd2x-fast +plain +2x 3x 4x +MIT +\S/),
      expect.stringMatching(/^\* bd2x +plain +2x 3x 4x +MIT +\S/),
    ]);
  });

  it("gives no star to a model that is no default", () => {
    const model = { title: "Some", family: "generic", scale: 2, scales: [2], licence: "MIT" } as const;
    const kinds = [
      { name: "a", isDefault: true, isGpuDefault: true },
      { name: "b", isDefault: false, isGpuDefault: false },
    ];
    expect(formatModels(kinds.map((kind) => ({ ...model, ...kind })))).toMatch(/^\* a .*\n {2}b /);
  });

  it("gives JSON", async () => {
    const models = JSON.parse(await written((output) => runModelList({ json: true }, output)));
    expect(models).toContainEqual({
      name: "bd2x-fast",
      title: expect.any(String),
      family: "plain",
      scale: 2,
      scales: [2, 3, 4],
      licence: "MIT",
      isDefault: true,
      isGpuDefault: false,
    });
    expect(models).toContainEqual(
      expect.objectContaining({ name: "bd2x", isDefault: false, isGpuDefault: true }),
    );
  });
});

describe("models info", () => {
  it("shows what was recognised of a listed model", async () => {
    const text = await info("bd2x-fast");
    for (const line of [
      /^family +plain$/m,
      /^scale +2x; 3x and 4x in two passes$/m,
      /^noise level +the model has none$/m,
      /^licence +MIT$/m,
      /^blobs +data to output$/m,
      /^receptive radius +24 px$/m,
      /^alignment of tiles +2 px$/m,
      /^beyond the edges +the image mirrored$/m,
      /^global means +none$/m,
      /^multiplications +100,800 per input pixel$/m,
      /^memory of blobs +51 values per input pixel$/m,
      /^weights +403952 numbers, fp16$/m,
      /^weight file +\S+bd2x-fast\.bin, 809456 bytes, sha256 [0-9a-f]{64}$/m,
    ])
      expect(text).toMatch(line);
  });

  it("shows global means, noise level and unknown licence of a foreign one", async () => {
    await addSqueeze("noise1_model");
    const text = await info(join(folder, "noise1_model.bin"));
    expect(text).toMatch(/^noise level +1$/m);
    expect(text).toMatch(/^licence +not known$/m);
    expect(text).toMatch(/^global means +gap of b \(3 channels, stride 1\)$/m);
  });

  it("gives everything that is resolved as JSON", async () => {
    await addSqueeze("model");
    const { unknownLayers, scales, ...model } = JSON.parse(await info(folder, { json: true })) as ModelInfo;
    expect(model).toEqual(JSON.parse(JSON.stringify(await resolveForeignModel(folder))));
    expect(unknownLayers).toEqual([]);
    expect(scales).toEqual([1]);
  });

  it("says which layers this build lacks, or that it does not know", async () => {
    await addSqueeze("model");
    const model = await resolveForeignModel(folder);
    const line = (unknownLayers: string[] | null) =>
      /^layers not in this build +(.*)$/m.exec(
        formatModelInfo({ ...model, scales: [1], unknownLayers }),
      )?.[1];
    expect(line(["GridSample", "LSTM"])).toBe("GridSample, LSTM");
    expect(line([])).toBe("none");
    expect(line(null)).toMatch(/not known/);
  });

  it("lists no layer type as usable that this build lacks", () => {
    expect(loadNcnnAddon().unknownLayers([...CHANNEL_RULES.keys(), "LSTM"])).toEqual(["LSTM"]);
  });

  it("obeys scale and noise", async () => {
    for (const stem of ["noise0_model", "noise3_model"]) await addSqueeze(stem);
    const chosen = async (options: object) => JSON.parse(await info(folder, { json: true, ...options })).name;
    expect(await chosen({})).toBe("noise0_model");
    expect(await chosen({ noise: 3 })).toBe("noise3_model");
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ["a name that is not listed", () => info("nobody's"), "model_not_found"],
    ["a path to nothing", () => info(join(folder, "none.param")), "model_invalid"],
    ["a choice that is not there", () => info("bd2x-fast", { noise: 1 }), "model_invalid"],
  ])("fails as an input does for %s", async (_, attempt, code) => {
    const thrown: unknown = await attempt().catch((error: unknown) => error);
    expect(thrown).toMatchObject({ code });
    expect(exitCodeOf(thrown)).toBe(EXIT.failure);
  });

  it("fails so for a damaged file", async () => {
    await addSqueeze("model");
    await writeFile(join(folder, "model.bin"), new Uint8Array(8));
    await expect(info(folder)).rejects.toMatchObject({
      code: "model_invalid",
      message: /model\.bin: expected/,
    });
  });
});

describe("models verify", () => {
  const verify = (...names: string[]) => written((output) => runModelVerify(names, output, folder));
  const fast = (ending: string) => join(folder, "bd2x-fast", `bd2x-fast.${ending}`);
  const changeManifest = async (change: (model: Record<string, unknown>) => void) => {
    const path = join(folder, "manifest.json");
    const manifest = JSON.parse(await readFile(path, "utf8"));
    change(manifest.models[0]);
    await writeFile(path, JSON.stringify(manifest));
  };

  beforeEach(async () => {
    for (const name of ["bd2x-fast", "bd2x"])
      await cp(join(MODELS_FOLDER, name), join(folder, name), { recursive: true });
    await copyFile(join(MODELS_FOLDER, "manifest.json"), join(folder, "manifest.json"));
  });

  it("passes what is shipped, and tells what it weighs", async () => {
    const lineOf = (name: string, radius: number, multiplications: string): string =>
      `${name} bytes as listed, fp16 weights, receptive radius ${radius} px, ${multiplications} multiplications per input pixel, licence MIT\n`;
    const [fastLine, largeLine] = [
      lineOf("bd2x-fast: 810737", 24, "100,800"),
      lineOf("bd2x: 3685579", 28, "459,648"),
    ];
    expect(await written((output) => runModelVerify([], output))).toBe(fastLine + largeLine);
    expect(await verify("bd2x-fast")).toBe(fastLine);
  });

  it.each<[string, () => Promise<unknown>, RegExp]>([
    ["one changed byte", () => appendFile(fast("param"), " "), /bd2x-fast\.param to have 1281 bytes/],
    ["a missing file", () => rm(fast("bin")), /cannot read .*bd2x-fast\.bin/],
    [
      "a radius that is not the graph's",
      () => changeManifest((model) => Object.assign(model, { receptive_radius: 14 })),
      /receptive_radius of model bd2x-fast in the manifest to be 24/,
    ],
    [
      "a model without licence",
      () => changeManifest((model) => Object.assign(model, { licence: "" })),
      /models\.0\.licence/,
    ],
    [
      "a model file that nobody lists",
      () => writeFile(join(folder, "bd2x-fast", "other.bin"), ""),
      /in its manifest, found bd2x-fast\/other\.bin$/,
    ],
  ])("ends with 1 at %s", async (_, damage, message) => {
    await damage();
    const thrown: unknown = await verify().catch((error: unknown) => error);
    expect(thrown).toMatchObject({ code: "model_invalid", message: expect.stringMatching(message) });
    expect(exitCodeOf(thrown)).toBe(EXIT.failure);
  });

  it("knows the listed names only", async () => {
    await expect(verify(fast("param"))).rejects.toMatchObject({ code: "model_not_found" });
  });
});

describePublished("models info of published models", (root) => {
  it("shows strides that are no whole numbers, and what a 4x network leaves to its program", async () => {
    expect(await info(join(root, "realcugan-se"), { scale: 3 })).toMatch(
      /^global means +gap0 of 10 \(64 channels, stride 2\), gap1 of 30 \(128 channels, stride 2\/3\)/m,
    );
    expect(await info(join(root, "realcugan-se"), { scale: 4 })).toMatch(
      /^scale +4x$[\s\S]*^added to the output +the input, enlarged/m,
    );
    expect(await info(join(root, "waifu2x-cunet"))).toMatch(
      /^beyond the edges +its outermost pixels repeated$/m,
    );
  });
});
