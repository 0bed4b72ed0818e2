import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { UpscalerError } from "../../src/errors.js";
import { createLog, SILENT_LOG } from "../../src/log.js";
import { hasNativeAddon, loadNativeAddon } from "../../src/native-addon.js";
import { configureCodecs } from "../../src/stages/codec-settings.js";
import { NativeWebpEncoder, type WebpAddon } from "../../src/stages/native-webp.js";
import type { RawPixels } from "../../src/stages/planes.js";
import { SharpWebpEncoder } from "../../src/stages/sharp-webp.js";
import { type FinalImage, openWebpEncoder, type WebpSettings } from "../../src/stages/webp-encoder.js";
import { announceSkipped } from "../clients/reference-client.js";
import { compare, paintScreentone, seededRandom } from "../support/images.js";

beforeAll(configureCodecs);

const ADDON = "webp_encoder";
const isBuilt = hasNativeAddon(ADDON);
if (!isBuilt) announceSkipped("the addon for WebP is not built", "apt-get install -y cargo");

const never = new AbortController().signal;
const bySharp = new SharpWebpEncoder();
const LOSSY: WebpSettings = { quality: 90, effort: 0, lossless: false, threads: 1 };

const imageOf = (pixels: RawPixels, greyscale = false): FinalImage => ({ pixels, greyscale });

function noise(width: number, height: number, channels: 3 | 4, seed = 1): RawPixels {
  const random = seededRandom(seed);
  const data = Uint8Array.from({ length: width * height * channels }, () => Math.floor(random() * 256));
  return { data, width, height, channels };
}

/** With alpha from nothing to everything, and colour where nothing shows it. */
function withAlpha({ data, width, height }: RawPixels): RawPixels {
  const rgba = new Uint8Array(width * height * 4);
  for (let pixel = 0; pixel < width * height; pixel++) {
    rgba.set(data.subarray(pixel * 3, pixel * 3 + 3), pixel * 4);
    rgba[pixel * 4 + 3] = Math.max(0, Math.min(255, (pixel % width) * 4 - 20));
  }
  return { data: rgba, width, height, channels: 4 };
}

const raw = async (file: Uint8Array) => sharp(file).raw().toBuffer({ resolveWithObject: true });

describe.runIf(isBuilt)("the addon around libwebp", () => {
  const addon = loadAddon();
  const native = new NativeWebpEncoder(addon);
  /** Two releases of libwebp may write the same picture in other bytes. */
  const isSameRelease = addon.version === sharp.versions.webp;

  async function expectLikeSharp(image: FinalImage, settings: WebpSettings): Promise<void> {
    const [ours, theirs] = await Promise.all([
      native.encode(image, settings, never),
      bySharp.encode(image, settings),
    ]);
    const [left, right] = await Promise.all([raw(ours), raw(theirs)]);
    expect(left.info).toMatchObject({ width: right.info.width, height: right.info.height });
    if (isSameRelease) expect(Buffer.from(ours).equals(theirs)).toBe(true);
    else if (settings.lossless) expect(left.data.equals(right.data)).toBe(true);
    else expect(compare(left.data, right.data).psnr).toBeGreaterThan(40);
  }

  const EFFORTS = [0, 1, 2, 3, 4, 5, 6];
  const page = paintScreentone(131, 97);

  describe.each(EFFORTS)("writes what sharp writes at effort %i", (effort) => {
    it.each([
      ["in colour", imageOf(page)],
      ["in grey", imageOf(page, true)],
      ["with alpha", imageOf(withAlpha(page))],
      ["in grey with alpha", imageOf(withAlpha(page), true)],
      ["of noise", imageOf(noise(65, 33, 3))],
    ])("%s", async (_what, image) => {
      await expectLikeSharp(image, { ...LOSSY, effort });
      await expectLikeSharp(image, { ...LOSSY, quality: 50, effort, lossless: true });
    });
  });

  it.each([
    [1, 1],
    [1, 2],
    [2, 1],
    [16, 17],
    [3, 16_383],
    [16_383, 2],
  ])("writes what sharp writes in %i x %i", async (width, height) => {
    for (const channels of [3, 4] as const) {
      for (const greyscale of [false, true]) {
        await expectLikeSharp(imageOf(noise(width, height, channels), greyscale), LOSSY);
      }
    }
  });

  it.each([1, 50, 100])("writes what sharp writes at quality %i", async (quality) => {
    await expectLikeSharp(imageOf(page), { ...LOSSY, quality, effort: 2 });
    await expectLikeSharp(imageOf(page), { ...LOSSY, quality, effort: 2, lossless: true });
  });

  it("reads rows inside a larger image where they lie", async () => {
    const [from, rows] = [16, 48];
    const part = page.data.subarray(from * page.width * 3, (from + rows) * page.width * 3);
    const copy = Uint8Array.from(part);
    const [inside, alone] = await Promise.all(
      [part, copy].map((data) => native.encode(imageOf({ ...page, data, height: rows }), LOSSY, never)),
    );
    expect(inside).toEqual(alone);
  });

  it.each(EFFORTS)("writes what sharp writes with several threads at effort %i", async (effort) => {
    const large = imageOf(paintScreentone(131, 517));
    for (const threads of [2, 4]) await expectLikeSharp(large, { ...LOSSY, effort, threads });
  });

  it("says what libwebp says of an image that it cannot hold", async () => {
    await expect(native.encode(imageOf(noise(1, 16_384, 3)), LOSSY, never)).rejects.toThrow(
      "the image is larger than 16383 x 16383 pixels",
    );
  });

  it("passes an allocation that failed on as out_of_memory", async () => {
    const failure = Object.assign(new Error("libwebp got no memory"), { code: "out_of_memory" });
    const poor = new NativeWebpEncoder({
      ...addon,
      encode: () => ({ promise: Promise.reject(failure), abandon: () => undefined }),
    });
    await expect(poor.encode(imageOf(page), LOSSY, never)).rejects.toMatchObject({
      code: "out_of_memory",
      detail: "libwebp got no memory",
    });
  });

  describe("gives up an image", () => {
    const reason = new UpscalerError("cancelled", "no longer wanted");
    /** Takes seconds: far longer than anything here waits. */
    const large = imageOf(noise(1500, 1500, 3));
    const slow: WebpSettings = { quality: 100, effort: 6, lossless: true, threads: 1 };

    it("before it was begun", async () => {
      await expect(native.encode(imageOf(page), LOSSY, AbortSignal.abort(reason))).rejects.toBe(reason);
    });

    it.each([false, true])("in the middle, with the signal's reason, lossless: %s", async (lossless) => {
      const controller = new AbortController();
      const before = process.cpuUsage().user;
      const outcome = expect(
        native.encode(large, { ...slow, lossless, threads: 3 }, controller.signal),
      ).rejects.toBe(reason);
      const atWork = () => process.cpuUsage().user - before > 100_000;
      while (!atWork()) await new Promise((resolve) => setTimeout(resolve, 10));
      controller.abort(reason);
      await outcome;
    });

    it("and nothing else: others go on, and the signal is let go of", async () => {
      const [given, kept] = [new AbortController(), new AbortController()];
      const outcomes = [given, kept, given, kept].map(({ signal }) =>
        native.encode(imageOf(page), LOSSY, signal).then(
          () => "written",
          (thrown) => thrown,
        ),
      );
      given.abort(reason);
      const [first, second, third, fourth] = await Promise.all(outcomes);
      expect([second, fourth]).toEqual(["written", "written"]);
      for (const outcome of [first, third]) expect([reason, "written"]).toContain(outcome);
      kept.abort(reason);
    });

    it("again and again without keeping its memory", async () => {
      const image = imageOf(noise(600, 600, 3));
      const storm = async (rounds: number) => {
        for (let round = 0; round < rounds; round++) {
          const controller = new AbortController();
          const attempts = Array.from({ length: 4 }, () =>
            native
              .encode(image, { ...LOSSY, effort: round % 7, threads: 1 + (round % 3) }, controller.signal)
              .catch(() => null),
          );
          if (round % 3 > 0) await new Promise((resolve) => setTimeout(resolve, round % 3));
          controller.abort(reason);
          await Promise.all(attempts);
        }
        return process.memoryUsage().rss;
      };
      const before = await storm(20);
      // What each image takes while it is encoded is above 1 MB: kept, these would be 200 MB and more.
      expect((await storm(60)) - before).toBeLessThan(100e6);
    });
  });
});

function loadAddon(): WebpAddon {
  if (isBuilt) return loadNativeAddon(ADDON) as WebpAddon;
  return { version: "", encode: () => ({ promise: Promise.reject(new Error()), abandon: () => undefined }) };
}

describe("the encoder that the program uses", () => {
  it.runIf(isBuilt)("is the addon where it was built, which the log tells", () => {
    const lines: string[] = [];
    expect(openWebpEncoder(createLog((line) => lines.push(line)))).toBeInstanceOf(NativeWebpEncoder);
    expect(lines).toEqual([expect.stringMatching(/^info: encoder for WebP library="libwebp [\d.]+"$/)]);
  });

  it("is sharp otherwise", () => {
    expect(bySharp.name).toMatch(/^libwebp [\d.]+ of sharp$/);
    expect(openWebpEncoder(SILENT_LOG).name).toBe(isBuilt ? `libwebp ${loadAddon().version}` : bySharp.name);
  });
});
