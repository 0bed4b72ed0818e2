import { gzipSync } from "node:zlib";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { UpscalerError } from "../../src/errors.js";
import { configureCodecs } from "../../src/stages/codec-settings.js";
import { decodePage } from "../../src/stages/decode.js";
import { drawn, pattern, pngClaiming } from "./images.js";

beforeAll(configureCodecs);

const decode = (data: Uint8Array, maxPixels = 100_000_000) => decodePage(data, { maxPixels });

async function failure(data: Uint8Array, maxPixels?: number): Promise<UpscalerError> {
  const thrown: unknown = await decode(data, maxPixels).then(
    () => expect.unreachable("decoded"),
    (error: unknown) => error,
  );
  if (!(thrown instanceof UpscalerError)) throw thrown;
  return thrown;
}

describe("what is refused", () => {
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/hostname"/></svg>';
  const bytes = (text: string): Buffer => Buffer.from(text, "latin1");

  it.each<[string, Uint8Array, RegExp]>([
    ["text", bytes("hello, this is a text file\n"), /received text/],
    ["one byte", bytes("\x00"), /starting with 00/],
    ["SVG", bytes(svg), /markup/],
    [
      "SVG after a byte order mark and a declaration",
      bytes(`\xef\xbb\xbf<?xml version="1.0"?>${svg}`),
      /markup/,
    ],
    ["SVG hidden in gzip", gzipSync(svg), /a gzip archive/],
    ["SVG after blank lines", bytes(`\n\n\n   ${svg}`), /markup/],
    ["HTML", bytes("<!DOCTYPE html><html></html>"), /markup/],
    ["PDF", bytes("%PDF-1.7\n1 0 obj"), /a PDF document/],
    ["a ZIP archive", bytes("PK\x03\x04\x14\x00"), /a ZIP archive \(a CBZ/],
    ["a RAR archive", bytes("Rar!\x1a\x07\x00"), /a RAR archive \(a CBR/],
    ["a portable pixmap", bytes("P6 2 2 255\nabcdefghijkl"), /text/],
    ["JPEG XL", bytes("\xff\x0a\x00\x00"), /JPEG XL/],
    ["HEIC", bytes("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), /HEIC/],
    ["RIFF that is no WebP", bytes("RIFF\x24\x00\x00\x00WAVEfmt "), /starting with 52 49 46 46/],
    ["an MP4 video", bytes("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"), /starting with/],
  ])("as unsupported: %s", async (_, data, message) => {
    expect(await failure(data)).toMatchObject({
      code: "unsupported_format",
      message: expect.stringMatching(message),
    });
  });

  it("as empty: no bytes at all", async () => {
    expect(await failure(new Uint8Array())).toMatchObject({
      code: "decode_failed",
      message: /received 0 bytes/,
    });
  });

  it("by the image library too, when a signature is all that is right", async () => {
    for (const start of [
      "\xff\xd8\xff",
      "\x89PNG\r\n\x1a\n",
      "GIF89a",
      "II*\x00",
      "RIFF\x10\x00\x00\x00WEBP",
    ]) {
      const { code, detail } = await failure(bytes(start + svg));
      expect(code, start).toBe("decode_failed");
      expect(detail, start).not.toBe("");
    }
  });

  it("by the image library even when the signature check were fooled", async () => {
    const readers: [string, Uint8Array][] = [
      ["SVG", bytes(svg)],
      ["SVG in gzip", gzipSync(svg)],
      ["a portable pixmap", bytes("P6 2 2 255\nabcdefghijkl")],
    ];
    for (const [name, data] of readers) {
      await expect(sharp(data).metadata(), name).rejects.toThrow(/unsupported image format/);
    }
    await expect(sharp("package.json").metadata()).rejects.toThrow(/unsupported image format/);
  });
});

describe("size limits", () => {
  it("hold before any pixel is decoded, with the size in the message", async () => {
    const bomb = await pngClaiming(60_000, 60_000);
    const error = await failure(bomb);
    expect(error).toMatchObject({ code: "image_too_large" });
    expect(error.message).toBe(
      "expected an image of at most 100000000 pixels, received 60000 x 60000 = 3600000000",
    );
  });

  it("hold beyond what 32 bits count", async () => {
    expect(await failure(await pngClaiming(1_000_000, 1_000_000))).toMatchObject({
      code: expect.stringMatching(/image_too_large|decode_failed/),
    });
  });

  it("are exact", async () => {
    const png = await pattern(10, 10).png().toBuffer();
    await expect(decode(png, 100)).resolves.toBeDefined();
    expect(await failure(png, 99)).toMatchObject({ code: "image_too_large", message: /10 x 10 = 100/ });
  });

  it("hold for a GIF whose screen is larger than its frame", async () => {
    const gif = await pattern(4, 4).gif().toBuffer();
    gif.writeUInt16LE(1500, 6);
    gif.writeUInt16LE(1000, 8);
    expect(await failure(gif, 1_000_000)).toMatchObject({ code: "image_too_large", message: /1500 x 1000/ });
  });
});

describe("damage", () => {
  const noise = () => drawn(64, 64, (x, y) => [(x * 97 + y * 31) % 256, (x * 13) ^ (y * 7), (x * y) % 256]);

  it.each(["jpeg", "png", "webp", "gif", "avif", "tiff"] as const)(
    "%s cut off anywhere is noticed",
    async (format) => {
      const whole = await noise().toFormat(format).toBuffer();
      // A GIF may end after its last pixel, a PNG after its image data, without any pixel being lost.
      const parts = [0.1, 0.3, 0.5, 0.7, 0.9];
      for (const part of parts) {
        const { code, detail } = await failure(whole.subarray(0, Math.floor(whole.length * part)));
        expect([code, detail !== undefined && detail.length > 0], `${format} ${part}`).toEqual([
          "decode_failed",
          true,
        ]);
      }
    },
  );

  it.each(["png", "webp", "jpeg", "tiff", "gif", "avif"] as const)(
    "%s with flipped bytes gives a page or a typed error, never anything else",
    async (format) => {
      const whole = await noise().toFormat(format).toBuffer();
      let state = 12345;
      for (let round = 0; round < 40; round++) {
        const damaged = Buffer.from(whole);
        for (let flips = 0; flips < 4; flips++) {
          state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
          damaged[state % damaged.length] = state >>> 24;
        }
        const outcome = await decode(damaged, 1_000_000).catch((error: unknown) => error);
        if (outcome instanceof Error) {
          expect(outcome).toBeInstanceOf(UpscalerError);
          expect((outcome as UpscalerError).code).toMatch(
            /^(decode_failed|unsupported_format|image_too_large)$/,
          );
        }
      }
    },
  );
});
