import { readFile } from "node:fs/promises";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { configureCodecs } from "../../src/stages/codec-settings.js";
import { decodePage } from "../../src/stages/decode.js";
import { drawn, numbers, pattern, rawImage } from "./images.js";

beforeAll(configureCodecs);

const decode = (data: Uint8Array, maxPixels = 100_000_000) => decodePage(data, { maxPixels });

/** Largest difference of two images' values. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, value, index) => Math.max(most, Math.abs(value - (b[index] ?? 0))), 0);
}

describe("formats", () => {
  it.each(["png", "webp", "tiff", "gif"] as const)(
    "reads %s without loss where it has none",
    async (format) => {
      const flat = drawn(8, 6, (x) => (x < 4 ? [255, 0, 0] : [0, 0, 255]));
      const page = await decode(
        await flat
          .toFormat(format, { lossless: true, ...(format === "tiff" && { compression: "lzw" }) })
          .toBuffer(),
      );
      expect(page.source).toEqual({ width: 8, height: 6, format });
      expect(page.colour).toMatchObject({ width: 8, height: 6, channels: 3 });
      expect(page.alpha).toBeNull();
      expect(page.greyscale).toBe(false);
      expect(page.warnings).toEqual([]);
      expect(numbers(page.colour.data)).toEqual(numbers(await flat.clone().raw().toBuffer()));
    },
  );

  it.each(["jpeg", "avif"] as const)("reads %s closely", async (format) => {
    const smooth = drawn(64, 48, (x, y) => [x * 4, y * 5, 100]);
    const encoded = await smooth.toFormat(format, { quality: 100, chromaSubsampling: "4:4:4" }).toBuffer();
    const page = await decode(encoded);
    expect(page.source).toEqual({ width: 64, height: 48, format });
    expect(distance(page.colour.data, await smooth.clone().raw().toBuffer())).toBeLessThan(12);
  });

  it("reads progressive and subsampled JPEG", async () => {
    const smooth = drawn(64, 48, (x, y) => [x * 4, y * 5, 100]);
    const page = await decode(await smooth.jpeg({ progressive: true, quality: 95 }).toBuffer());
    expect(distance(page.colour.data, await smooth.clone().raw().toBuffer())).toBeLessThan(24);
  });

  it("reads a palette PNG with alpha", async () => {
    const rgba = new Uint8Array([255, 0, 0, 255, 0, 255, 0, 0, 0, 0, 255, 255, 255, 0, 0, 255]);
    const page = await decode(
      await rawImage(rgba, 2, 2, 4).png({ palette: true, effort: 1, dither: 0 }).toBuffer(),
    );
    expect(page.alpha && numbers(page.alpha.data)).toEqual([255, 0, 255, 255]);
    expect(numbers(page.colour.data)).toEqual([255, 0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0]);
  });

  it("reads data that lies inside a larger buffer", async () => {
    const png = await pattern().png().toBuffer();
    const around = new Uint8Array(png.length + 20).fill(0xff);
    around.set(png, 11);
    const page = await decode(around.subarray(11, 11 + png.length));
    expect(numbers(page.colour.data)).toEqual(numbers(await pattern().raw().toBuffer()));
  });
});

describe("EXIF orientation", () => {
  /** Where output pixel (x, y) of an upright page lies in a stored page of w x h (Exif 2.3, tag 0x0112). */
  const STORED: Record<number, (x: number, y: number, w: number, h: number) => readonly [number, number]> = {
    1: (x, y) => [x, y],
    2: (x, y, w) => [w - 1 - x, y],
    3: (x, y, w, h) => [w - 1 - x, h - 1 - y],
    4: (x, y, _, h) => [x, h - 1 - y],
    5: (x, y) => [y, x],
    6: (x, y, _, h) => [y, h - 1 - x],
    7: (x, y, w, h) => [w - 1 - y, h - 1 - x],
    8: (x, y, w) => [w - 1 - y, x],
  };

  it.each([1, 2, 3, 4, 5, 6, 7, 8])("%i is applied exactly", async (orientation) => {
    const [w, h] = [13, 7];
    const stored = await pattern(w, h).raw().toBuffer();
    const page = await decode(await pattern(w, h).withMetadata({ orientation }).png().toBuffer());
    const turned = orientation >= 5;
    expect(page.source).toEqual({ width: w, height: h, format: "png" });
    expect([page.colour.width, page.colour.height]).toEqual(turned ? [h, w] : [w, h]);
    const wanted: number[] = [];
    for (let y = 0; y < page.colour.height; y++) {
      for (let x = 0; x < page.colour.width; x++) {
        const [sx, sy] = STORED[orientation]?.(x, y, w, h) ?? [0, 0];
        wanted.push(...stored.subarray((sy * w + sx) * 3, (sy * w + sx) * 3 + 3));
      }
    }
    expect(numbers(page.colour.data)).toEqual(wanted);
  });

  it("turns the alpha plane too", async () => {
    const rgba = new Uint8Array([9, 9, 9, 10, 9, 9, 9, 20, 9, 9, 9, 30]);
    const page = await decode(
      await rawImage(rgba, 3, 1, 4).withMetadata({ orientation: 6 }).png().toBuffer(),
    );
    expect(page.alpha).toMatchObject({ width: 1, height: 3 });
    expect(page.alpha && numbers(page.alpha.data)).toEqual([10, 20, 30]);
  });
});

describe("colour", () => {
  it("takes a Display P3 image to sRGB by its profile", async () => {
    const wanted = [255, 0, 0, 100, 150, 200, 12, 200, 90];
    const png = await rawImage(new Uint8Array(wanted), 3, 1, 3).withIccProfile("p3").png().toBuffer();
    const stored = await sharp(png, { ignoreIcc: true }).raw().toBuffer();
    expect(distance(stored, wanted)).toBeGreaterThan(10);
    expect(distance((await decode(png)).colour.data, wanted)).toBeLessThanOrEqual(3);
  });

  it("takes 16-bit colour with a profile to sRGB, not to another space", async () => {
    const sixteen = new Uint16Array([30000, 40000, 50000, 10000, 5000, 60000]);
    const png = await rawImage(sixteen, 2, 1, 3)
      .toColourspace("rgb16")
      .withIccProfile("srgb")
      .png()
      .toBuffer();
    const stored = await sharp(png, { ignoreIcc: true }).raw().toBuffer();
    expect(distance((await decode(png)).colour.data, stored)).toBeLessThanOrEqual(1);
  });

  it("takes 16-bit colour without a profile to the upper 8 bits", async () => {
    const sixteen = new Uint16Array([0, 257, 65535, 32768, 30000, 255]);
    const page = await decode(await rawImage(sixteen, 2, 1, 3).toColourspace("rgb16").png().toBuffer());
    expect(numbers(page.colour.data)).toEqual([0, 1, 255, 128, 117, 0]);
  });

  it("takes CMYK to sRGB", async () => {
    const wanted = [255, 255, 255, 60, 120, 60, 20, 20, 20, 200, 180, 90];
    const flat = drawn(32, 8, (x) => wanted.slice(Math.floor(x / 8) * 3, Math.floor(x / 8) * 3 + 3) as never);
    const jpeg = await flat
      .toColourspace("cmyk")
      .jpeg({ quality: 100, chromaSubsampling: "4:4:4" })
      .toBuffer();
    expect((await sharp(jpeg).metadata()).space).toBe("cmyk");
    const page = await decode(jpeg);
    const middles = [4, 12, 20, 28].flatMap((x) =>
      numbers(page.colour.data.subarray((4 * 32 + x) * 3, (4 * 32 + x) * 3 + 3)),
    );
    expect(distance(middles, wanted)).toBeLessThan(24);
    expect(page.greyscale).toBe(false);
  });

  it("notes greyscale and gives it three equal channels", async () => {
    const grey = new Uint8Array([0, 1, 100, 254, 255, 37]);
    const page = await decode(await rawImage(grey, 3, 2, 1).toColourspace("b-w").png().toBuffer());
    expect(page.greyscale).toBe(true);
    expect(numbers(page.colour.data)).toEqual([...grey].flatMap((value) => [value, value, value]));
  });

  it("notes greyscale in JPEG and in 16 bits", async () => {
    const jpeg = await rawImage(new Uint8Array(64).fill(77), 8, 8, 1).toColourspace("b-w").jpeg().toBuffer();
    expect((await decode(jpeg)).greyscale).toBe(true);
    const sixteen = new Uint16Array([0, 257, 32768, 65535]);
    const page = await decode(await rawImage(sixteen, 4, 1, 1).toColourspace("grey16").png().toBuffer());
    expect(page.greyscale).toBe(true);
    expect(numbers(page.colour.data).filter((_, index) => index % 3 === 0)).toEqual([0, 1, 128, 255]);
  });

  it("does not take a colour image for a greyscale one because its pixels are grey", async () => {
    const page = await decode(
      await drawn(4, 4, (x) => [x, x, x])
        .png()
        .toBuffer(),
    );
    expect(page.greyscale).toBe(false);
  });
});

describe("alpha", () => {
  it("comes as a plane of its own, colour multiplied by it", async () => {
    const rgba = new Uint8Array([255, 128, 3, 255, 200, 100, 50, 128, 255, 255, 255, 0, 10, 20, 30, 1]);
    const page = await decode(await rawImage(rgba, 4, 1, 4).png().toBuffer());
    expect(page.alpha).toMatchObject({ width: 4, height: 1, channels: 1 });
    expect(page.alpha && numbers(page.alpha.data)).toEqual([255, 128, 0, 1]);
    expect(numbers(page.colour.data)).toEqual([255, 128, 3, 100, 50, 25, 0, 0, 0, 0, 0, 0]);
  });

  it("is dropped when every pixel is opaque", async () => {
    const rgba = new Uint8Array([1, 2, 3, 255, 4, 5, 6, 255]);
    const page = await decode(await rawImage(rgba, 2, 1, 4).png().toBuffer());
    expect(page.alpha).toBeNull();
    expect(numbers(page.colour.data)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("of a greyscale image stays, and so does the note", async () => {
    const greyAlpha = new Uint8Array([200, 255, 100, 128]);
    const page = await decode(await rawImage(greyAlpha, 2, 1, 2).toColourspace("b-w").png().toBuffer());
    expect(page.greyscale).toBe(true);
    expect(page.alpha && numbers(page.alpha.data)).toEqual([255, 128]);
    expect(numbers(page.colour.data)).toEqual([200, 200, 200, 50, 50, 50]);
  });
});

describe("animations", () => {
  const frames = new Uint8Array(4 * 12 * 3).map((_, index) => (index < 4 * 4 * 3 ? 255 : 0));

  it.each(["gif", "webp"] as const)("give their first frame with a warning: %s", async (format) => {
    const animated = sharp(frames, { raw: { width: 4, height: 12, channels: 3, pageHeight: 4 } });
    const page = await decode(
      await animated.toFormat(format, { loop: 0, delay: [100, 100, 100] }).toBuffer(),
    );
    expect(page.warnings).toEqual([
      expect.stringMatching(new RegExp(`${format} image has \\d frames: only the first`)),
    ]);
    expect(page.colour).toMatchObject({ width: 4, height: 4 });
    expect(page.source).toMatchObject({ width: 4, height: 4 });
    expect(Math.min(...page.colour.data)).toBeGreaterThan(250);
  });
});

it("the sample page is read as it was drawn", async () => {
  const page = await decode(await readFile(new URL("../../assets/sample-page/page.jpg", import.meta.url)));
  expect(page).toMatchObject({ greyscale: false, alpha: null, warnings: [] });
  expect(page.source).toEqual({ width: 800, height: 1200, format: "jpeg" });
  const at = (x: number, y: number) =>
    numbers(page.colour.data.subarray((y * 800 + x) * 3, (y * 800 + x) * 3 + 3));
  const [paper, border, moon] = [at(10, 10), at(28, 100), at(600, 100)];
  expect(Math.min(...paper)).toBeGreaterThan(250);
  expect(Math.max(...border)).toBeLessThan(70);
  expect(moon[0]).toBeGreaterThan((moon[2] ?? 0) + 10);
});
