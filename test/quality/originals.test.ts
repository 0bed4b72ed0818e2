import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { busiestRegion } from "../../src/quality/busiest-region.js";
import { cutToMultiple, listImages, readOriginal, spreadEvenly } from "../../src/quality/originals.js";
import { paint } from "../support/images.js";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "originals-"));
  const { data } = paint(70, 60, (x, y) => [x, y, 9]);
  const raw = { raw: { width: 70, height: 60, channels: 3 as const } };
  for (const name of ["c.png", "a.PNG", "b.png", "d.png"])
    await sharp(data, raw).png().toFile(join(folder, name));
  await sharp(data, raw)
    .extract({ left: 0, top: 0, width: 47, height: 60 })
    .png()
    .toFile(join(folder, "e.webp"));
  await sharp(data, raw).toColourspace("b-w").png().toFile(join(folder, "grey.tiff"));
  await writeFile(join(folder, "INDEX.tsv"), "not an image");
});
afterAll(() => rm(folder, { recursive: true }));

describe("listImages", () => {
  const names = async (limit: number | null) =>
    (await listImages(folder, limit)).map((path) => basename(path));

  it("takes images only, sorted by name", async () => {
    expect(await names(null)).toEqual(["a.PNG", "b.png", "c.png", "d.png", "e.webp", "grey.tiff"]);
  });

  it("spreads a limit over all of them", async () => {
    expect(await names(3)).toEqual(["a.PNG", "c.png", "e.webp"]);
    expect(await names(99)).toHaveLength(6);
    expect(spreadEvenly([0, 1, 2, 3, 4, 5, 6], 4)).toEqual([0, 2, 4, 6]);
  });

  it("refuses a folder that is not there or holds no image", async () => {
    await expect(listImages(join(folder, "none"), null)).rejects.toMatchObject({ code: "invalid_request" });
    const empty = await mkdtemp(join(tmpdir(), "originals-empty-"));
    await expect(listImages(empty, null)).rejects.toThrow(/expected images in/);
    await rm(empty, { recursive: true });
  });
});

describe("readOriginal", () => {
  it("takes the middle", async () => {
    const { pixels, greyscale, sha256 } = await readOriginal(join(folder, "a.PNG"), 50);
    expect({ ...pixels, data: [...pixels.data.subarray(0, 3)] }).toEqual({
      ...{ width: 50, height: 50, channels: 3, data: [10, 5, 9] },
    });
    expect(greyscale).toBe(false);
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it("knows art without colour", async () => {
    expect((await readOriginal(join(folder, "grey.tiff"), 512)).greyscale).toBe(true);
  });

  it("refuses what is too small to be scored, and what is no image", async () => {
    await expect(readOriginal(join(folder, "e.webp"), 512)).rejects.toThrow(
      /at least 48 x 48, received 47 x 60/,
    );
    await expect(readOriginal(join(folder, "INDEX.tsv"), 512)).rejects.toMatchObject({
      code: "unsupported_format",
    });
  });
});

it("cuts to a multiple at the right and at the bottom", () => {
  const image = paint(7, 5, (x, y) => [x, y, 0]);
  const cut = cutToMultiple(image, 3);
  expect([cut.width, cut.height, ...cut.data.subarray(-3)]).toEqual([6, 3, 5, 2, 0]);
  expect(cutToMultiple(cut, 3)).toBe(cut);
});

describe("busiestRegion", () => {
  it("finds the square with the most lines, on its raster", () => {
    const image = paint(96, 80, (x, y) =>
      x >= 48 && x < 64 && y >= 32 && y < 48 && x % 2 === 0 ? [0, 0, 0] : [255, 255, 255],
    );
    expect(busiestRegion(image, 16, 8)).toEqual({ left: 48, top: 32, width: 16, height: 16 });
  });

  it("takes the first of equals and stays inside of the margin", () => {
    expect(
      busiestRegion(
        paint(40, 30, () => [7, 7, 7]),
        64,
        8,
      ),
    ).toEqual({ left: 8, top: 8, width: 24, height: 14 });
  });
});
