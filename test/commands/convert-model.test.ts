import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runModelConvert } from "../../src/commands/convert-model.js";
import { resolveForeignModel } from "../../src/models/catalogue.js";
import { paramText } from "../models/graphs.js";
import { loadEngine, never, shippedModel } from "../support/engines.js";
import { compare, paintScreentone } from "../support/images.js";

let folder: string;
const at = (name: string) => join(folder, name);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "convert-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function convert(model: string, output: string, storage: "fp16" | "fp32" = "fp16"): Promise<string> {
  const written = new PassThrough();
  const [, said] = await Promise.all([
    runModelConvert(model, { scale: null, noise: null, output, storage }, written),
    text(written),
  ]);
  return said;
}

async function upscale(path: string): Promise<Uint8Array> {
  const engine = await loadEngine(await resolveForeignModel(path), -1);
  try {
    return (await engine.upscale(paintScreentone(90, 70), { tile: null, signal: never })).image.data;
  } finally {
    await engine.close();
  }
}

describe("models convert", () => {
  it("halves the file, and the picture stays what it was", async () => {
    await convert("bd2x-fast", at("stored.param"), "fp32");
    await copyFile(at("stored.param"), at("whole.param"));
    // A little off the numbers that halves can hold; the marks of layers, which are 0, stay what they are.
    const stored = await readFile(at("stored.bin"));
    const numbers = new Float32Array(new Uint8Array(stored).buffer);
    await writeFile(
      at("whole.bin"),
      new Uint8Array(numbers.map((n, i) => n * (1 + 3e-4 * ((i % 3) - 1))).buffer),
    );
    const whole = await resolveForeignModel(at("whole.bin"));
    expect(whole.files.bin.bytes).toBe(403_200 * 4 + 752 * 4 + 12 * 4);

    const said = await convert(at("whole.param"), at("half.param"));
    expect(said).toMatch(/half\.bin: 403952 numbers, fp16, 809456 bytes instead of 1615856\n$/);
    const half = await resolveForeignModel(at("half.param"));
    // 403,200 weights at two bytes, 752 biases at four and a mark for each of twelve layers.
    expect(half.files.bin.bytes).toBe(403_200 * 2 + 752 * 4 + 12 * 4);
    expect(half.files.param.sha256).toBe((await shippedModel()).files.param.sha256);
    const { psnr, largest } = compare(await upscale(half.binPath), await upscale(whole.binPath));
    expect(psnr).toBeGreaterThan(60);
    expect(largest).toBeLessThanOrEqual(2);
  });

  it("turns fp16 into the same fp32 numbers, and back into the same file", async () => {
    const { binPath } = await shippedModel();
    await convert("bd2x-fast", at("whole"), "fp32");
    expect((await resolveForeignModel(at("whole.bin"))).weights.precision).toBe("fp32");
    expect(compare(await upscale(at("whole.bin")), await upscale(binPath)).largest).toBe(0);
    await convert(at("whole.param"), at("again"));
    expect(await readFile(at("again.bin"))).toEqual(await readFile(binPath));
  });

  /** A 1x1 convolution of three channels, stored as fp32 with a bias. */
  async function addTiny(firstWeight: number): Promise<void> {
    await writeFile(
      at("tiny.param"),
      paramText("Input i 0 1 in", "Convolution c 1 1 in out 0=3 1=1 5=1 6=9"),
    );
    const floats = new Float32Array(13).fill(0.25);
    floats.set([0, firstWeight]);
    floats[12] = 1e6;
    await writeFile(at("tiny.bin"), new Uint8Array(floats.buffer));
  }

  it("leaves biases as they are, however large", async () => {
    await addTiny(1);
    await convert(at("tiny.param"), at("out"));
    const bin = await readFile(at("out.bin"));
    expect(bin.length).toBe(4 + 20 + 12);
    expect(bin.readFloatLE(bin.length - 4)).toBe(1e6);
  });

  it("refuses weights that no half can hold", async () => {
    await addTiny(1e5);
    await expect(convert(at("tiny.param"), at("out"))).rejects.toMatchObject({
      code: "model_invalid",
      message:
        /weights of layer c \(Convolution\): expected numbers of at most 65504 for fp16, received 100000/,
    });
  });

  it("does not write over the model itself, nor into a folder that is not there", async () => {
    await addTiny(1);
    await copyFile(at("tiny.bin"), at("before.bin"));
    await expect(convert(at("tiny.bin"), `${folder}/./tiny`)).rejects.toThrow(
      /another name than that of the model/,
    );
    expect(await readFile(at("tiny.bin"))).toEqual(await readFile(at("before.bin")));
    await expect(convert(at("tiny.bin"), at("none/out"))).rejects.toMatchObject({ code: "model_invalid" });
  });
});
