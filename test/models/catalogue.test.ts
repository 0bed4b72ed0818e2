import { createHash } from "node:crypto";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ModelCatalogue, resolveForeignModel } from "../../src/models/catalogue.js";

const PARAM = [
  "7767517",
  "3 3",
  "Input i 0 1 data",
  "Convolution c 1 1 data x 0=12 1=3 4=1 5=1 6=324",
  "PixelShuffle p 1 1 x output 0=2",
].join("\n");
/** A tag of 0 for fp32, then weights and bias: each byte 7 is a tiny number. */
const BIN = new Uint8Array(4 + 4 * 324 + 4 * 12).fill(7).fill(0, 0, 4);

const sha256 = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex");

const LISTED = {
  name: "tiny",
  title: "Tiny",
  family: "generic",
  scale: 2,
  blobs: { input: "data", output: "output" },
  padding: { mode: "kept", pixels: 0 },
  receptive_radius: 1,
  files: [
    { path: "tiny/tiny.param", sha256: sha256(PARAM), bytes: PARAM.length },
    { path: "tiny/tiny.bin", sha256: sha256(BIN), bytes: BIN.length },
  ],
  precision: "fp32",
  licence: "MIT",
  provenance: "made by a test",
  training_data: "none",
};

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "catalogue-"));
  await mkdir(join(folder, "tiny"));
  await writeFile(join(folder, "tiny/tiny.param"), PARAM);
  await writeFile(join(folder, "tiny/tiny.bin"), BIN);
});
afterEach(() => rm(folder, { recursive: true }));

const writeManifest = (manifest: object): Promise<void> =>
  writeFile(join(folder, "manifest.json"), JSON.stringify(manifest));

async function openWith(changes: object = {}): Promise<ModelCatalogue> {
  await writeManifest({ version: 1, default: "tiny", models: [{ ...LISTED, ...changes }] });
  return ModelCatalogue.open(folder);
}

describe("models of the manifest", () => {
  it("are listed without reading their files", async () => {
    await rm(join(folder, "tiny"), { recursive: true });
    const catalogue = await openWith();
    expect(catalogue.list()).toEqual([
      {
        name: "tiny",
        title: "Tiny",
        family: "generic",
        scale: 2,
        scales: [2, 3, 4],
        licence: "MIT",
        isDefault: true,
        isGpuDefault: true,
      },
    ]);
    expect([catalogue.defaultName, catalogue.gpuDefaultName]).toEqual(["tiny", "tiny"]);
  });

  it("may have another default on discrete GPUs, which is not what no name stands for", async () => {
    const models = [LISTED, { ...LISTED, name: "large" }, { ...LISTED, name: "other" }];
    await writeManifest({ version: 1, default: "tiny", default_gpu: "large", models });
    const catalogue = await ModelCatalogue.open(folder);
    expect([catalogue.defaultName, catalogue.gpuDefaultName]).toEqual(["tiny", "large"]);
    expect(catalogue.list()).toEqual([
      expect.objectContaining({ name: "tiny", isDefault: true, isGpuDefault: false }),
      expect.objectContaining({ name: "large", isDefault: false, isGpuDefault: true }),
      expect.objectContaining({ name: "other", isDefault: false, isGpuDefault: false }),
    ]);
    expect(await catalogue.resolve(null)).toMatchObject({ name: "tiny" });
    expect(await catalogue.resolve("large")).toMatchObject({ name: "large" });
  });

  it("are resolved by name or as the default", async () => {
    const catalogue = await openWith();
    const model = await catalogue.resolve("tiny");
    expect(model).toEqual({
      name: "tiny",
      noise: null,
      family: "generic",
      scale: 2,
      paramPath: join(folder, "tiny/tiny.param"),
      binPath: join(folder, "tiny/tiny.bin"),
      inputBlob: "data",
      outputBlob: "output",
      padding: { mode: "kept", pixels: 0 },
      overlap: 1,
      alignment: 1,
      residual: "none",
      receptiveRadius: 1,
      globalContext: false,
      globalPools: [],
      edges: "mirror",
      int8Layers: 0,
      multiplicationsPerPixel: 324,
      layerTypes: ["Convolution", "Input", "PixelShuffle"],
      // The input, its padded copy and 12 channels; or those 12 and the output of 3 channels at 2x.
      tensorFloatsPerPixel: 24,
      winogradFloatsPerPixel: 0,
      largestBlobFloatsPerPixel: 12,
      largestWinogradFloatsPerPixel: 0,
      files: {
        param: { bytes: PARAM.length, sha256: sha256(PARAM) },
        bin: { bytes: BIN.length, sha256: sha256(BIN) },
      },
      weights: { precision: "fp32", count: 336 },
      sha256: sha256(`param ${sha256(PARAM)}\nbin ${sha256(BIN)}\n`),
      licence: "MIT",
    });
    expect(await catalogue.resolve(null)).toEqual(model);
    expect(await catalogue.resolveNameOrPath("tiny")).toEqual(model);
  });

  it("are not found under another name; the message lists those that are", async () => {
    const catalogue = await openWith();
    for (const attempt of [catalogue.resolve("huge"), catalogue.resolveNameOrPath("huge")]) {
      await expect(attempt).rejects.toMatchObject({
        code: "model_not_found",
        message: "expected model to be one of tiny, received huge",
      });
    }
  });

  it("are refused when they are not of the scale or noise level that is asked for", async () => {
    const choose = async (choice: object, changes: object = {}) =>
      (await openWith(changes)).resolveNameOrPath("tiny", { scale: null, noise: null, ...choice });
    expect(await choose({ scale: 2 })).toMatchObject({ name: "tiny", noise: null });
    expect(await choose({ scale: 4 })).toMatchObject({ name: "tiny", scale: 2 });
    await expect(choose({ scale: 1 })).rejects.toThrow(/of scale 1, received tiny of 2/);
    await expect(choose({ scale: 5 })).rejects.toThrow(/of scale 5, received tiny of 2/);
    await expect(choose({ noise: 0 })).rejects.toThrow(/received tiny, which has no noise levels/);
    expect(await choose({ noise: 1 }, { noise: 1 })).toMatchObject({ noise: 1 });
    await expect(choose({ noise: 0 }, { noise: 1 })).rejects.toThrow(/received tiny, of noise 1/);
  });

  it.each([0, 4, 700])("are refused when bit 0 of byte %i of their weights has flipped", async (position) => {
    const damaged = BIN.slice();
    damaged[position] = (damaged[position] ?? 0) ^ 1;
    await writeFile(join(folder, "tiny/tiny.bin"), damaged);
    await expect((await openWith()).resolve("tiny")).rejects.toThrow(/tiny\.bin to have .* sha256/);
  });

  it("are refused when their weights are cut off", async () => {
    await writeFile(join(folder, "tiny/tiny.bin"), BIN.subarray(0, 100));
    await expect((await openWith()).resolve("tiny")).rejects.toThrow(/received 100 bytes/);
  });

  it("are refused when a file is missing", async () => {
    await rm(join(folder, "tiny/tiny.bin"));
    await expect((await openWith()).resolve("tiny")).rejects.toMatchObject({ code: "model_invalid" });
  });

  it.each([
    ["family", { family: "waifu2x" }],
    ["scale", { scale: 4 }],
    ["blobs.input", { blobs: { input: "in0", output: "output" } }],
    ["blobs.output", { blobs: { input: "data", output: "out0" } }],
    ["padding.mode", { padding: { mode: "consumed", pixels: 1 } }],
    ["receptive_radius", { receptive_radius: 8 }],
    ["precision", { precision: "fp16" }],
  ])("are refused when the manifest's %s is not what the files say", async (field, change) => {
    await expect((await openWith(change)).resolve("tiny")).rejects.toThrow(`expected ${field} of model tiny`);
  });
});

describe("an invalid manifest", () => {
  it.each<[string, object, RegExp]>([
    [
      "a path that leaves the folder",
      { files: [{ ...LISTED.files[0], path: "../x.param" }, LISTED.files[1]] },
      /files\.0\.path/,
    ],
    [
      "an absolute path",
      { files: [{ ...LISTED.files[0], path: "/etc/x.param" }, LISTED.files[1]] },
      /files\.0\.path/,
    ],
    [
      "a digest that is none",
      { files: [{ ...LISTED.files[0], sha256: "abc" }, LISTED.files[1]] },
      /64 hexadecimal/,
    ],
    ["two graphs", { files: [LISTED.files[0], LISTED.files[0]] }, /one \.param and one \.bin/],
    ["no licence", { licence: "" }, /licence/],
    ["no training data", { training_data: undefined }, /training_data/],
    ["an unknown family", { family: "magic" }, /family/],
    ["padding that is kept yet counted", { padding: { mode: "kept", pixels: 3 } }, /padding\.pixels/],
    ["a name that is a path", { name: "a/b" }, /models\.0\.name/],
  ])("is refused with %s", async (_, change, message) => {
    await expect(openWith(change)).rejects.toThrow(message);
    await expect(openWith(change)).rejects.toMatchObject({ code: "model_invalid" });
  });

  it.each<[string, unknown, RegExp]>([
    ["text", "not json", /to be JSON/],
    ["no models", { version: 1, default: "a", models: [] }, /models/],
    ["another version", { version: 2, default: "tiny", models: [LISTED] }, /version/],
    [
      "a default that is not there",
      { version: 1, default: "huge", models: [LISTED] },
      /default: expected the name/,
    ],
    [
      "a default of GPUs that is not there",
      { version: 1, default: "tiny", default_gpu: "huge", models: [LISTED] },
      /default_gpu: expected the name/,
    ],
    [
      "a default of GPUs without a name",
      { version: 1, default: "tiny", default_gpu: "", models: [LISTED] },
      /default_gpu/,
    ],
    ["one name twice", { version: 1, default: "tiny", models: [LISTED, LISTED] }, /every model name once/],
  ])("is refused: %s", async (_, manifest, message) => {
    await writeFile(
      join(folder, "manifest.json"),
      typeof manifest === "string" ? manifest : JSON.stringify(manifest),
    );
    await expect(ModelCatalogue.open(folder)).rejects.toThrow(message);
  });

  it("is refused when it is not there", async () => {
    await expect(ModelCatalogue.open(folder)).rejects.toMatchObject({ code: "model_invalid" });
  });
});

describe("foreign weights", () => {
  it.each(["tiny/tiny.param", "tiny/tiny.bin", "tiny/tiny", "tiny"])("are resolved from %s", async (path) => {
    const model = await resolveForeignModel(join(folder, path));
    expect(model).toMatchObject({
      name: "tiny",
      scale: 2,
      licence: null,
      binPath: join(folder, "tiny/tiny.bin"),
    });
  });

  it("have the digest of the same files in the manifest, and another when a file differs", async () => {
    const listed = await (await openWith()).resolve("tiny");
    const foreign = () => resolveForeignModel(join(folder, "tiny"));
    expect((await foreign()).sha256).toBe(listed.sha256);
    await writeFile(join(folder, "tiny/tiny.bin"), BIN.with(8, 6));
    expect((await foreign()).sha256).not.toBe(listed.sha256);
  });

  it("are what a path given for a name means", async () => {
    const catalogue = await openWith();
    expect(await catalogue.resolveNameOrPath(join(folder, "tiny/tiny.param"))).toMatchObject({
      licence: null,
    });
  });

  it("are found by a bare word that names a folder", async () => {
    const catalogue = await openWith();
    const before = process.cwd();
    process.chdir(folder);
    try {
      await mkdir("foreign");
      for (const ending of ["param", "bin"]) await copyFile(`tiny/tiny.${ending}`, `foreign/other.${ending}`);
      expect(await catalogue.resolveNameOrPath("foreign")).toMatchObject({ name: "other", licence: null });
      // A name of the manifest means the listed model also where a folder has that name.
      expect(await catalogue.resolveNameOrPath("tiny")).toMatchObject({ licence: "MIT" });
    } finally {
      process.chdir(before);
    }
  });

  it("are refused from a folder with none or several, naming them", async () => {
    await expect(resolveForeignModel(folder)).rejects.toThrow(/received none/);
    await copyFile(join(folder, "tiny/tiny.param"), join(folder, "tiny/other.param"));
    await expect(resolveForeignModel(join(folder, "tiny"))).rejects.toThrow(
      /2 fit: .*other \(scale 2, no noise levels\), tiny \(scale 2, no noise levels\)/,
    );
  });

  it("are refused when half is missing or is no file", async () => {
    await rm(join(folder, "tiny/tiny.bin"));
    await expect(resolveForeignModel(join(folder, "tiny/tiny.param"))).rejects.toThrow(/tiny\.bin/);
    await mkdir(join(folder, "tiny/tiny.bin"));
    await expect(resolveForeignModel(join(folder, "tiny/tiny.param"))).rejects.toThrow(/regular file/);
  });

  it("are refused with the file's name when the graph is damaged", async () => {
    await writeFile(join(folder, "tiny/tiny.param"), PARAM.slice(0, 40));
    await expect(resolveForeignModel(join(folder, "tiny"))).rejects.toThrow(/tiny\.param: expected/);
    await writeFile(join(folder, "tiny/tiny.param"), new Uint8Array([0xff, 0xfe, 0x00]));
    await expect(resolveForeignModel(join(folder, "tiny"))).rejects.toThrow(/as text/);
    await writeFile(join(folder, "tiny/tiny.param"), new Uint8Array(2 * 1024 * 1024));
    await expect(resolveForeignModel(join(folder, "tiny"))).rejects.toThrow(/at most 1048576 bytes/);
  });
});

it("every model that comes with the program is whole and is what the manifest says", async () => {
  const catalogue = await ModelCatalogue.open(fileURLToPath(new URL("../../models/", import.meta.url)));
  for (const { name, licence } of catalogue.list())
    expect(await catalogue.resolve(name)).toMatchObject({ name, licence });
  expect(await catalogue.resolve(null)).toMatchObject({ name: catalogue.defaultName });
});
