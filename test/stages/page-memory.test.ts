import { describe, expect, it } from "vitest";
import { inspectPage } from "../../src/stages/decode.js";
import type { PageOptions } from "../../src/stages/job.js";
import { pageMemory } from "../../src/stages/page-memory.js";
import { OPTIONS } from "./controlled-stages.js";
import { enlargementOf } from "./enlargements.js";
import { pattern, rawImage } from "./images.js";

const LIMITS = { maxPixels: 1_000_000 };

async function bytesPerPixel(
  image: Promise<Buffer>,
  options: Partial<PageOptions> = {},
  how = enlargementOf(2),
) {
  const inspected = await inspectPage(await image, LIMITS);
  const pixels = inspected.header.width * inspected.header.height;
  return pageMemory(inspected, { ...OPTIONS, ...options }, how) / pixels;
}

const jpeg = () => pattern(40, 30).jpeg().toBuffer();

describe("the memory of a page", () => {
  it("is at its largest while the upscaled page is encoded", async () => {
    // Four times as many pixels, each with its 3 bytes and what the encoder takes.
    expect(await bytesPerPixel(jpeg(), { effort: 0 })).toBe(4 * (3 + 6));
    expect(await bytesPerPixel(jpeg(), { format: "png" })).toBe(4 * (3 + 5));
    expect(await bytesPerPixel(jpeg(), { lossless: true })).toBe(4 * (3 + 43));
    expect(await bytesPerPixel(jpeg(), { effort: 0 }, enlargementOf(4, 4))).toBe(16 * (3 + 6));
  });

  it("is less where the result is shrunk, but never less than decoded and upscaled pixels side by side", async () => {
    const fit = { width: 40, height: null };
    expect(await bytesPerPixel(jpeg(), { fit, effort: 0 })).toBe(4 * 3 + 6);
    expect(await bytesPerPixel(jpeg(), { fit: { width: 4, height: 3 }, effort: 0 })).toBe(3 + 4 * 3);
  });

  it("counts a page that is turned by the size that it is shown in", async () => {
    const turned = pattern(40, 30).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    expect(await bytesPerPixel(turned, { fit: { width: 60, height: 80 }, effort: 0 })).toBe(4 * (3 + 6));
  });

  it("counts alpha as a plane of its own, which takes another pass and is joined for writing", async () => {
    const png = rawImage(new Uint8Array(40 * 30 * 4), 40, 30, 4)
      .png()
      .toBuffer();
    expect(await bytesPerPixel(png)).toBe(4 * (4 + 4 + 43));
    expect(await bytesPerPixel(png, { fit: { width: 4, height: 3 } })).toBe(4 + 3 + 4 * 7);
  });

  it("is that of decoding where the decoder takes more than all the rest", async () => {
    const avif = pattern(40, 30).avif().toBuffer();
    expect(
      await bytesPerPixel(avif, { format: "png", fit: { width: 1, height: 1 } }, enlargementOf(1, 1)),
    ).toBe(20);
    const progressive = pattern(40, 30).jpeg({ progressive: true }).toBuffer();
    expect(
      await bytesPerPixel(progressive, { format: "png", fit: { width: 1, height: 1 } }, enlargementOf(1, 1)),
    ).toBe(7);
  });

  it("counts the image between two passes, and both sizes where that is shrunk to 3x", async () => {
    // 3 bytes each: the page, the image between the passes, what they make.
    const upscaling = 3 + 4 * 3 + 16 * 3;
    const small = { fit: { width: 4, height: 3 }, effort: 0 };
    expect(await bytesPerPixel(jpeg(), small, enlargementOf(4))).toBe(upscaling);
    expect(await bytesPerPixel(jpeg(), { effort: 0 }, enlargementOf(4))).toBe(16 * (3 + 6));
    expect(await bytesPerPixel(jpeg(), { format: "png" }, enlargementOf(3))).toBe(16 * 3 + 9 * (3 + 5));
    expect(await bytesPerPixel(jpeg(), { lossless: true }, enlargementOf(3))).toBe(16 * 3 + 9 * (3 + 43));
  });

  it("counts both planes of a page with alpha in both passes", async () => {
    const png = rawImage(new Uint8Array(40 * 30 * 4), 40, 30, 4)
      .png()
      .toBuffer();
    const small = { fit: { width: 4, height: 3 } };
    expect(await bytesPerPixel(png, small, enlargementOf(4))).toBe(4 + 3 + 4 * 3 + 16 * 7);
    expect(await bytesPerPixel(png, {}, enlargementOf(4))).toBe(16 * (4 + 4 + 43));
    expect(await bytesPerPixel(png, {}, enlargementOf(3))).toBe(16 * 4 + 9 * (4 + 4 + 43));
  });
});
