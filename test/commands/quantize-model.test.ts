import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { Command } from "commander";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EXIT } from "../../protocol/error-codes.js";
import { runModelQuantize } from "../../src/commands/quantize-model.js";
import { addQuantizeOptions } from "../../src/commands/quantize-options.js";
import { resolveForeignModel } from "../../src/models/catalogue.js";
import { writeModel } from "../../src/models/write-model.js";
import { int8Model, readFloatModel } from "../../src/quantize/int8-model.js";
import { toInt8 } from "../../src/quantize/int8-weights.js";
import type { PixelBuffer } from "../../src/stages/page.js";
import { paramText } from "../models/graphs.js";
import { loadEngine, never, shippedModel, vulkanDevices } from "../support/engines.js";
import { compare, paint, paintScreentone, seededRandom } from "../support/images.js";

let folder: string;
const at = (...names: string[]) => join(folder, ...names);

async function save(path: string, { data, width, height }: PixelBuffer): Promise<void> {
  await sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toFile(path);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "quantize-"));
  for (const name of ["pages", "others", "dark"]) await mkdir(at(name));
  for (const seed of [1, 2, 3, 4]) await save(at("pages", `${seed}.png`), paintScreentone(80, 64, seed));
  await save(at("others", "other.png"), paintScreentone(70, 80, 9));
  await save(
    at("dark", "dark.png"),
    paint(64, 64, (x, y) => [(x + y) % 3, 2, 1]),
  );
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs the command as its command line would. */
async function quantize(...words: readonly string[]): Promise<{ code: number; said: string }> {
  const output = new PassThrough();
  const said = text(output);
  let code = Number.NaN;
  const command = addQuantizeOptions(new Command().exitOverride());
  command.configureOutput({ writeErr: () => undefined });
  command.action(async (model, options) => {
    code = await runModelQuantize(model, options, output);
  });
  await command.parseAsync(["--threads", "1", "--crop", "64", ...words], { from: "user" });
  return { code, said: await said };
}

async function upscale(path: string, deviceIndex: number, options: object = {}): Promise<Uint8Array> {
  const engine = await loadEngine(await resolveForeignModel(path), deviceIndex, { threads: 1, ...options });
  try {
    expect(engine.precision).toBe("int8");
    const { image } = await engine.upscale(paintScreentone(90, 70, 5), { tile: null, signal: never });
    return Uint8Array.from(image.data);
  } finally {
    await engine.close();
  }
}

/** The rows of the table that tells what became of each layer, where not all could become int8. */
function layersOf(said: string): readonly { name: string; isInt8: boolean; largestInput: number }[] {
  const rows = said.matchAll(/^\| (\w+) +\| +(int8|as it was) \| +([\d.]+) \| +[\d.]+ \|$/gm);
  return [...rows].map(([, name = "", kind, largest]) => {
    return { name, isInt8: kind === "int8", largestInput: Number(largest) };
  });
}

async function upscaleFloat(path: string): Promise<Uint8Array> {
  const engine = await loadEngine(await resolveForeignModel(path), -1);
  try {
    return (await engine.upscale(paintScreentone(90, 70, 5), { tile: null, signal: never })).image.data;
  } finally {
    await engine.close();
  }
}

/** Integers round nowhere but at the same places: tiles, Winograd and the device change nothing, or next to nothing. */
async function expectSameEverywhere(path: string, whole: Uint8Array): Promise<void> {
  expect(compare(await upscale(path, -1, { tileSize: 32 }), whole).largest).toBe(0);
  expect(compare(await upscale(path, -1, { winograd: false }), whole).largest).toBe(0);
  if (vulkanDevices.length > 0) expect(compare(await upscale(path, 0), whole).psnr).toBeGreaterThan(60);
}

/** A small network that adds something to the enlarged input, with weights that int8 can hold well. */
async function addMild(): Promise<void> {
  const layers = [
    "Input i 0 1 in",
    "Split s 1 2 in a b",
    "Convolution c0 1 1 a x 0=32 1=3 4=1 5=1 6=864 9=2 -23310=1,1.000000e-01",
    "Convolution c1 1 1 x y 0=32 1=3 4=1 5=1 6=9216 9=2 -23310=1,1.000000e-01",
    "Convolution c2 1 1 y z 0=12 1=3 4=1 5=1 6=3456",
    "PixelShuffle p 1 1 z r 0=2",
    "Interp n 1 1 b e 0=1 1=2.0 2=2.0",
    "BinaryOp t 2 1 r e out 0=0",
  ];
  await writeFile(at("mild.param"), paramText(...layers));
  const random = seededRandom(3);
  const numbers = [
    ...[864, 32, 9216, 32, 3456, 12].map((count) =>
      Array.from({ length: count }, () => (random() - 0.5) * 0.2),
    ),
  ].flatMap((part, i) => (i % 2 === 0 ? [0, ...part] : part));
  await writeFile(at("mild.bin"), new Uint8Array(Float32Array.from(numbers).buffer));
}

describe("models quantize", () => {
  it("makes a model int8, a quarter of the file, near the float one on pages it has not seen", async () => {
    await addMild();
    const output = at("int8.param");
    const words = ["-o", output, "--calibrate", at("pages"), "--gate", at("others")];
    const { code, said } = await quantize(at("mild.param"), ...words);
    expect(said).toMatch(/^gate passed: 1 pages, above 35 dB and an SSIM of 0\.95/m);
    expect(said).toMatch(/^worst page: other\.png, \d\d\.\d\d dB, SSIM (?:0\.9\d+|1\.0+);/m);
    expect(code).toBe(EXIT.ok);
    const model = await resolveForeignModel(output);
    const source = await resolveForeignModel(at("mild.param"));
    expect(model).toMatchObject({ family: source.family, int8Layers: 3, weights: { precision: "int8" } });
    expect(model.files.bin.bytes).toBeLessThan(source.files.bin.bytes * 0.27);
    const whole = await upscale(output, -1);
    expect(compare(whole, await upscaleFloat(at("mild.param"))).psnr).toBeGreaterThan(35);
    await expectSameEverywhere(output, whole);

    await expect(quantize(output, "-o", at("twice"), "--calibrate", at("pages"))).rejects.toThrow(
      /without int8 layers, received int8 with 3/,
    );
  });

  it("leaves those layers of the shipped model as they are that would harm it", async () => {
    const output = at("mixed.param");
    const words = ["-o", output, "--calibrate", at("pages"), "--gate", at("others")];
    const { code, said } = await quantize("bd2x-fast", ...words);
    expect(said).toMatch(/^gate passed: 1 pages, above 35 dB and an SSIM of 0\.95/m);
    expect(said).toMatch(/^worst page: other\.png, \d\d\.\d\d dB, SSIM 0\.9\d+/m);
    expect(code).toBe(EXIT.ok);
    const layers = layersOf(said);
    expect(layers.map(({ name }) => name)).toEqual(Array.from({ length: 12 }, (_, n) => `conv${n}`));
    const model = await resolveForeignModel(output);
    const int8Layers = layers.filter(({ isInt8 }) => isInt8).length;
    expect(int8Layers).toBeGreaterThan(0);
    expect(model).toMatchObject({ family: "plain", int8Layers });
    const source = await shippedModel();
    expect(model.files.bin.bytes).toBeLessThan(source.files.bin.bytes);
    const float = await upscaleFloat(source.paramPath);
    expect(compare(await upscale(output, -1), float).psnr).toBeGreaterThan(35);

    // With all layers in int8 it is worse, but it is the same wherever it is computed.
    const all = new Map(layers.map(({ name, largestInput }) => [name, largestInput]));
    const written = { paramPath: at("all.param"), binPath: at("all.bin") };
    const whole = await writeModel(written, int8Model(await readFloatModel(source), all));
    expect(whole).toMatchObject({ family: "plain", int8Layers: 12, weights: { precision: "int8" } });
    expect(whole.files.bin.bytes).toBeLessThan(source.weights.count * 4 * 0.27);
    await expectSameEverywhere(written.paramPath, await upscale(written.paramPath, -1));
  });

  it("writes nothing and fails when pages unlike the calibration's come out otherwise", async () => {
    const output = at("bad.param");
    const words = ["-o", output, "--calibrate", at("dark"), "--gate", at("others")];
    const { code, said } = await quantize("bd2x-fast", ...words);
    expect(said).toMatch(/^gate NOT passed.*\nworst page: other\.png/m);
    expect(said).toMatch(/^nothing was written$/m);
    expect(code).toBe(EXIT.failure);
    expect([existsSync(output), existsSync(at("bad.bin"))]).toEqual([false, false]);
  });

  it("keeps a fourth of the pictures out of the calibration for the gate", async () => {
    const { said } = await quantize(
      "bd2x-fast",
      "-o",
      at("quarter"),
      "--calibrate",
      at("pages"),
      "--method",
      "kl",
    );
    expect(said).toMatch(/^gate .*: 1 pages/m);
    await expect(quantize("bd2x-fast", "-o", at("x"), "--calibrate", at("others"))).rejects.toThrow(
      /at least 4 images in .* received 1/,
    );
  });

  it.each([
    ["an unknown method", ["--method", "aciq"], /kl, percentile/],
    ["a share that clips half", ["--percent", "49"], /from 50 to 100/],
    ["a picture larger than the network's insides fit into memory", ["--crop", "4096"], /64 to 1024/],
  ])("refuses %s", async (_, words, message) => {
    const all = ["bd2x-fast", "-o", at("x"), "--calibrate", at("pages"), ...words];
    await expect(quantize(...all)).rejects.toThrow(message);
  });
});

describe("int8Model", () => {
  it("is computed as its integers and scales say", async () => {
    const random = seededRandom(8);
    const floats = (count: number, spread: number) =>
      Float32Array.from({ length: count }, () => (random() - 0.4) * spread);
    const [weights, bias] = [floats(9, 1), floats(3, 0.2)];
    await writeFile(
      at("one.param"),
      paramText("Input i 0 1 in", "Convolution c 1 1 in out 0=3 1=1 5=1 6=9 8=0"),
    );
    await writeFile(
      at("one.bin"),
      Buffer.concat([Buffer.alloc(4), Buffer.from(weights.buffer), Buffer.from(bias.buffer)]),
    );
    const threshold = 0.8;
    const bytes = int8Model(
      await readFloatModel(await resolveForeignModel(at("one.param"))),
      new Map([["c", threshold]]),
    );
    const written = await writeModel({ paramPath: at("one8.param"), binPath: at("one8.bin") }, bytes);
    expect(await readFile(at("one8.param"), "utf8")).toMatch(
      /^Convolution c 1 1 in out 0=3 1=1 5=1 6=9 8=2$/m,
    );

    const image = paintScreentone(40, 40);
    const engine = await loadEngine(written, -1);
    const { data } = (await engine.upscale(image, { tile: null, signal: never })).image;
    await engine.close();
    const scaleOf = (output: number) =>
      127 / Math.max(...[0, 1, 2].map((c) => Math.abs(weights[output * 3 + c] ?? 0)));
    for (let i = 0; i < data.length; i++) {
      const [pixel, output] = [Math.floor(i / 3), i % 3];
      let sum = 0;
      for (const c of [0, 1, 2]) {
        const input = toInt8(((image.data[pixel * 3 + c] ?? 0) / 255) * (127 / threshold));
        sum += input * toInt8((weights[output * 3 + c] ?? 0) * scaleOf(output));
      }
      const value = sum / ((127 / threshold) * scaleOf(output)) + (bias[output] ?? 0);
      const expected = Math.max(0, Math.min(255, Math.floor(value * 255 + 0.5)));
      if (Math.abs((data[i] ?? 0) - expected) > 1)
        throw new Error(`expected ${expected} at ${i}, received ${data[i]}`);
    }
  });
});
