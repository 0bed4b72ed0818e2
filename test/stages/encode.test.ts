import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { configureCodecs } from "../../src/stages/codec-settings.js";
import { defaultQuality, encodePage as encodeJob, expectEncodableOptions } from "../../src/stages/encode.js";
import type { PageJob, PageOptions } from "../../src/stages/job.js";
import { OUTPUT_FORMATS } from "../../src/stages/page.js";
import { encodePage, jobOf, LOSSLESS, noisy, OPTIONS, pageOf, pixels, smooth, tools } from "./encoding.js";
import { drawn, numbers } from "./images.js";

beforeAll(configureCodecs);

describe("every format", () => {
  it.each(OUTPUT_FORMATS)("%s holds the page", async (format) => {
    const page = await pageOf(smooth());
    const { page: encoded, warnings } = await encodePage(page, { ...OPTIONS, format }, 1000);
    expect(encoded).toMatchObject({ width: 96, height: 64, format });
    expect(warnings).toEqual([]);
    expect((await sharp(encoded.data).metadata()).format).toBe(format);
    const { data } = await pixels(encoded.data);
    const error = numbers(data).reduce(
      (sum, value, at) => sum + Math.abs(value - (page.colour.data[at] ?? 0)),
      0,
    );
    expect(error / data.length).toBeLessThan(3);
  });

  it.each([
    ["png", false],
    ["png", true],
    ["webp", true],
  ] as const)("%s is exact with lossless %s", async (format, lossless) => {
    const page = await pageOf(noisy());
    const { page: encoded } = await encodePage(page, { ...OPTIONS, format, lossless }, 1000);
    expect(numbers((await pixels(encoded.data)).data)).toEqual(numbers(page.colour.data));
  });

  it("is not asked for lossless JPEG", () => {
    expect(() => expectEncodableOptions({ ...OPTIONS, format: "jpeg", lossless: true })).toThrow(
      expect.objectContaining({ code: "unsupported_option" }),
    );
    for (const format of OUTPUT_FORMATS) expectEncodableOptions({ ...OPTIONS, format });
  });
});

describe("quality and effort", () => {
  it.each([
    [0, 95],
    [499_999, 95],
    [500_000, 90],
    [2_000_000, 90],
    [2_000_001, 85],
  ])("for an input of %i bytes is %i", (bytes, quality) => {
    expect(defaultQuality(bytes)).toBe(quality);
  });

  it.each(["webp", "jpeg"] as const)(
    "as named by the client wins over the input's size: %s",
    async (format) => {
      const page = await pageOf(noisy());
      const bytesAt = async (quality: number | null, inputBytes: number) =>
        (await encodePage(page, { ...OPTIONS, format, quality }, inputBytes)).page.data.length;
      expect(await bytesAt(30, 100)).toBeLessThan(await bytesAt(80, 100));
      expect(await bytesAt(30, 100)).toBe(await bytesAt(30, 9_000_000));
      expect(await bytesAt(null, 9_000_000)).toBeLessThan(await bytesAt(null, 100));
      expect(await bytesAt(null, 100)).toBe(await bytesAt(95, 100));
    },
  );

  it("of PNG do not turn it into a palette image", async () => {
    const page = await pageOf(noisy());
    const { page: encoded } = await encodePage(page, { ...LOSSLESS, quality: 10 }, 100);
    expect(numbers((await pixels(encoded.data)).data)).toEqual(numbers(page.colour.data));
  });

  it("effort is chosen by load and priority unless the client names it, and told", async () => {
    const page = await pageOf(noisy());
    const effortOf = async (change: Partial<PageJob>, options: Partial<PageOptions> = {}) => {
      const job = jobOf({ ...OPTIONS, ...options }, change);
      return (await encodeJob(page, job, tools(2))).page.effort;
    };
    expect(await effortOf({ priority: 2 })).toBe(0);
    expect(await effortOf({ priority: 1 })).toBe(2);
    expect(await effortOf({ priority: 2 }, { effort: 6 })).toBe(6);
    expect(await effortOf({}, { format: "png", effort: 6 })).toBeNull();
    expect(await effortOf({ priority: 2 }, { format: "jpeg" })).toBe(0);
  });

  it("effort 0 is a larger JPEG of the same pixels, and the others are alike", async () => {
    const page = await pageOf(smooth(400, 300));
    const at = async (effort: number) =>
      (await encodePage(page, { ...OPTIONS, format: "jpeg", effort }, 100)).page.data;
    const [quick, small, thorough] = await Promise.all([at(0), at(1), at(6)]);
    expect(quick.length).toBeGreaterThan(small.length);
    expect((await pixels(quick)).data.equals((await pixels(small)).data)).toBe(true);
    expect(numbers(small)).toEqual(numbers(thorough));
  });

  it("effort changes what WebP makes", async () => {
    const page = await pageOf(noisy());
    const bytesAt = async (effort: number) =>
      (await encodePage(page, { ...OPTIONS, effort }, 100)).page.data.length;
    expect(await bytesAt(0)).not.toBe(await bytesAt(6));
  });
});

describe("fit", () => {
  it("shrinks to the size inside the box, colour unharmed", async () => {
    const page = await pageOf(drawn(100, 60, () => [200, 100, 50]));
    const { page: encoded } = await encodePage(page, { ...LOSSLESS, fit: { width: 50, height: 1000 } }, 100);
    expect(encoded).toMatchObject({ width: 50, height: 30 });
    const { data } = await pixels(encoded.data);
    expect(new Set(numbers(data))).toEqual(new Set([200, 100, 50]));
  });

  it.each([true, false])("keeps dark gradients free of steps, greyscale: %s", async (greyscale) => {
    const dark = drawn(1024, 16, (x) => [Math.floor(x / 8), Math.floor(x / 8), Math.floor(x / 8)]);
    const { page: encoded } = await encodePage(
      await pageOf(dark, { greyscale }),
      { ...LOSSLESS, fit: { width: 700, height: null } },
      1,
    );
    const { data } = await pixels(encoded.data);
    expect(new Set(numbers(data)).size).toBe(128);
  });

  it("does not enlarge", async () => {
    const { page } = await encodePage(
      await pageOf(smooth(20, 10)),
      { ...LOSSLESS, fit: { width: 500, height: 500 } },
      1,
    );
    expect(page).toMatchObject({ width: 20, height: 10 });
  });
});

describe("alpha", () => {
  const half = (width: number, height: number) =>
    new Uint8Array(width * height).map((_, at) => (at % width < width / 2 ? 0 : 255));
  const transparent = async (width = 16, height = 8) => {
    const alpha = { data: half(width, height), width, height, channels: 1 as const };
    const colour = drawn(width, height, (x) => (x < width / 2 ? [0, 0, 0] : [240, 120, 60]));
    return pageOf(colour, { alpha });
  };

  it.each(["png", "webp"] as const)("is kept in %s, with colour straight again", async (format) => {
    const alpha = { data: new Uint8Array([128, 255]), width: 2, height: 1, channels: 1 as const };
    const page = await pageOf(
      drawn(2, 1, (x) => (x === 0 ? [100, 50, 25] : [9, 8, 7])),
      { alpha },
    );
    const { page: encoded, warnings } = await encodePage(page, { ...OPTIONS, format, lossless: true }, 100);
    expect(warnings).toEqual([]);
    expect(numbers((await pixels(encoded.data)).data)).toEqual([199, 100, 50, 128, 9, 8, 7, 255]);
  });

  it("edges have no dark fringe after shrinking", async () => {
    const { page: encoded } = await encodePage(
      await transparent(),
      { ...LOSSLESS, fit: { width: 5, height: null } },
      1,
    );
    const { data, info } = await pixels(encoded.data);
    expect(info.channels).toBe(4);
    const partly = Array.from({ length: data.length / 4 }, (_, at) =>
      numbers(data.subarray(at * 4, at * 4 + 4)),
    );
    const edge = partly.filter(([, , , a = 0]) => a > 60 && a < 250);
    expect(edge.length).toBeGreaterThan(0);
    for (const [r = 0, g = 0, b = 0] of edge) {
      expect(Math.abs(r - 240) + Math.abs(g - 120) + Math.abs(b - 60)).toBeLessThan(12);
    }
  });

  it("is laid on white for JPEG, with a warning", async () => {
    const { page: encoded, warnings } = await encodePage(
      await transparent(),
      { ...OPTIONS, format: "jpeg" },
      100,
    );
    expect(warnings).toEqual([expect.stringMatching(/no transparency.*white/)]);
    const { data, info } = await pixels(encoded.data);
    expect(info.channels).toBe(3);
    expect(Math.min(...data.subarray(0, 9))).toBeGreaterThan(248);
    expect(Math.abs((data[15 * 3] ?? 0) - 240)).toBeLessThan(8);
  });
});

describe("greyscale", () => {
  const grey = () => drawn(256, 2, (x) => [x, x, x]);

  it.each([
    ["png", 1],
    ["jpeg", 1],
  ] as const)("is written to %s with %i channel", async (format, channels) => {
    const page = await pageOf(grey(), { greyscale: true });
    const { page: encoded } = await encodePage(page, { ...OPTIONS, format }, 100);
    expect(await sharp(encoded.data).metadata()).toMatchObject({ space: "b-w", channels });
  });

  it("values stay what they are", async () => {
    const { page: encoded } = await encodePage(await pageOf(grey(), { greyscale: true }), LOSSLESS, 100);
    const { data, info } = await pixels(encoded.data);
    expect(
      numbers(data)
        .filter((_, at) => at % info.channels === 0)
        .slice(0, 256),
    ).toEqual(Array.from({ length: 256 }, (_, value) => value));
  });

  it("loses the tint that a network may give it, in WebP too", async () => {
    const tinted = drawn(32, 32, () => [104, 100, 97]);
    const { page: encoded } = await encodePage(await pageOf(tinted, { greyscale: true }), OPTIONS, 100);
    const { data } = await pixels(encoded.data);
    const [r = 0, g = 0, b = 0] = data;
    expect(Math.max(r, g, b) - Math.min(r, g, b)).toBeLessThanOrEqual(1);
  });

  it("keeps alpha", async () => {
    const alpha = { data: new Uint8Array([255, 0]), width: 2, height: 1, channels: 1 as const };
    const page = await pageOf(
      drawn(2, 1, (x) => (x === 0 ? [90, 90, 90] : [0, 0, 0])),
      { greyscale: true, alpha },
    );
    const { page: encoded } = await encodePage(page, LOSSLESS, 100);
    expect(await sharp(encoded.data).metadata()).toMatchObject({ channels: 2, space: "b-w" });
  });
});
