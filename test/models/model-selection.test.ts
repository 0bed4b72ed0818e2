import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resolveForeignModel } from "../../src/models/catalogue.js";
import { type ModelChoice, readModelName } from "../../src/models/model-selection.js";
import { paramText } from "./graphs.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "selection-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function add(stem: string, scale: number): Promise<void> {
  const channels = 3 * scale ** 2;
  const convolution = `Convolution c 1 1 in x 0=${channels} 1=1 6=${3 * channels}`;
  const lines = ["Input i 0 1 in", convolution, `PixelShuffle p 1 1 x out 0=${scale}`];
  await writeFile(join(folder, `${stem}.param`), paramText(...lines));
  await writeFile(join(folder, `${stem}.bin`), new Uint8Array(4 + 4 * 3 * channels));
}

const choose = async (choice: Partial<ModelChoice>): Promise<string> => {
  const { name, noise } = await resolveForeignModel(folder, { scale: null, noise: null, ...choice });
  return `${name} ${noise}`;
};

describe("a folder of waifu2x models", () => {
  beforeEach(async () => {
    await add("scale2.0x_model", 2);
    for (const noise of [0, 1, 2, 3]) {
      await add(`noise${noise}_scale2.0x_model`, 2);
      await add(`noise${noise}_model`, 1);
    }
  });

  it.each<[Partial<ModelChoice>, string]>([
    [{}, "noise0_scale2.0x_model 0"],
    [{ noise: -1 }, "scale2.0x_model -1"],
    [{ noise: 2 }, "noise2_scale2.0x_model 2"],
    [{ scale: 1 }, "noise0_model 0"],
    [{ scale: 1, noise: 3 }, "noise3_model 3"],
    [{ scale: 2, noise: 3 }, "noise3_scale2.0x_model 3"],
    [{ scale: 4 }, "noise0_scale2.0x_model 0"],
    [{ scale: 3, noise: 2 }, "noise2_scale2.0x_model 2"],
  ])("gives for %j %s", async (choice, expected) => {
    expect(await choose(choice)).toBe(expected);
  });

  it("lists what is there when nothing fits", async () => {
    await expect(choose({ scale: 1, noise: -1 })).rejects.toThrow(
      /for scale 1 and noise -1, none fits; there is noise0_model \(scale 1, noise 0\), .*scale2\.0x_model \(scale 2, noise -1\)/,
    );
  });
});

describe("a folder of Real-CUGAN models", () => {
  beforeEach(async () => {
    for (const scale of [2, 3, 4]) {
      for (const kind of ["conservative", "no-denoise", "denoise3x"]) await add(`up${scale}x-${kind}`, scale);
    }
    await add("up2x-denoise1x", 2);
  });

  it.each<[Partial<ModelChoice>, string]>([
    [{}, "up2x-conservative -1"],
    [{ noise: 0 }, "up2x-no-denoise 0"],
    [{ noise: 1 }, "up2x-denoise1x 1"],
    [{ scale: 3 }, "up3x-conservative -1"],
    [{ scale: 4, noise: 3 }, "up4x-denoise3x 3"],
    // Twice, where no model gives the scale at once.
    [{ scale: 3, noise: 1 }, "up2x-denoise1x 1"],
  ])("gives for %j %s", async (choice, expected) => {
    expect(await choose(choice)).toBe(expected);
  });

  it("does not take another noise level for one that is not there", async () => {
    await expect(choose({ scale: 3, noise: 2 })).rejects.toThrow(/for scale 3 and noise 2, none fits/);
    await expect(choose({ scale: 8 })).rejects.toThrow(/for scale 8 and any noise, none fits/);
  });
});

describe("a folder of models without noise levels", () => {
  it("is chosen from by the scale of the graphs, 2 before 4", async () => {
    for (const scale of [4, 3]) await add(`realesr-animevideov3-x${scale}`, scale);
    expect(await choose({})).toBe("realesr-animevideov3-x4 null");
    await add("realesr-animevideov3-x2", 2);
    await add("somebody's", 8);
    expect(await choose({})).toBe("realesr-animevideov3-x2 null");
    expect(await choose({ scale: 3 })).toBe("realesr-animevideov3-x3 null");
    expect(await choose({ scale: 8 })).toBe("somebody's null");
    await rm(join(folder, "realesr-animevideov3-x4.param"));
    expect(await choose({ scale: 4 })).toBe("realesr-animevideov3-x2 null");
  });

  it("is refused when a noise level is asked for", async () => {
    await add("realesr-animevideov3-x2", 2);
    await expect(choose({ noise: 0 })).rejects.toThrow(
      /any scale and noise 0, none fits; there is realesr-animevideov3-x2 \(scale 2, no noise levels\)/,
    );
  });

  it("is refused when two fit equally well", async () => {
    for (const stem of ["one", "two"]) await add(stem, 4);
    await expect(choose({ scale: 4 })).rejects.toThrow(/2 fit: name one as FILE\.param; there is one .*two/);
  });

  it("gives its only model whatever scale that has", async () => {
    await add("threefold", 3);
    expect(await choose({})).toBe("threefold null");
  });

  it("is not made useless by a graph that cannot be read", async () => {
    await add("sound", 2);
    await writeFile(join(folder, "damaged.param"), "7767517\n9 9\n");
    expect(await choose({})).toBe("sound null");
    await rm(join(folder, "sound.param"));
    await expect(choose({})).rejects.toThrow(/damaged\.(param|bin)/);
  });

  it("is refused when it has more models than anybody would look through", async () => {
    for (let n = 0; n < 65; n++) await writeFile(join(folder, `${n}.param`), "");
    await expect(choose({})).rejects.toThrow(/at most 64 models in .*, received 65/);
  });
});

describe("a single file", () => {
  it("is refused when its scale or noise level is not what was asked for", async () => {
    await add("up2x-denoise3x", 2);
    await add("plain", 4);
    const file = (stem: string, choice: Partial<ModelChoice>) =>
      resolveForeignModel(join(folder, `${stem}.param`), { scale: null, noise: null, ...choice });
    expect(await file("up2x-denoise3x", { scale: 2, noise: 3 })).toMatchObject({ scale: 2, noise: 3 });
    await expect(file("up2x-denoise3x", { noise: 1 })).rejects.toThrow(
      /of noise 1, received up2x-denoise3x, of noise 3/,
    );
    await expect(file("plain", { noise: 1 })).rejects.toThrow(/received plain, which has no noise levels/);
    await expect(file("plain", { scale: 2 })).rejects.toThrow(/of scale 2, received plain of 4/);
    await expect(file("plain", { scale: 3 })).rejects.toThrow(/of scale 3, received plain of 4/);
    expect(await file("up2x-denoise3x", { scale: 4 })).toMatchObject({ scale: 2 });
  });

  it("is refused when its graph is not of the scale that its name says", async () => {
    await add("up3x-conservative", 2);
    await expect(resolveForeignModel(join(folder, "up3x-conservative"))).rejects.toThrow(
      /of scale 3, as its name says, received a graph of scale 2/,
    );
  });
});

it.each(["noise10_model", "scale3.0x_model", "up2x-denoise", "up22x-conservative", "my-up2x-conservative"])(
  "the name %s says nothing",
  (stem) => {
    expect(readModelName(stem)).toEqual({ scale: null, noise: null, usualNoise: null });
  },
);
