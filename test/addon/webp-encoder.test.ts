import { spawn } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hasNativeAddon, loadNativeAddon } from "../../src/native-addon.js";
import { PACKAGE_ROOT } from "../../src/package-root.js";
import type { WebpAddon } from "../../src/stages/native-webp.js";

const NAME = "webp_encoder";
const SCRIPT = join(PACKAGE_ROOT, "test", "support", "busy-webp.mjs");
const ADDON = join(PACKAGE_ROOT, "build", "Release", `${NAME}.node`);

function endBusyProcess(ending: string): Promise<{ code: number | null; signal: string | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--expose-gc", SCRIPT, ADDON, ending], { stdio: "ignore" });
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
}

describe.runIf(hasNativeAddon(NAME))("the addon for WebP", () => {
  it.each([
    "process.exit",
    "process.exit after giving up",
    "uncaught exception",
    "forgotten work",
    "worker thread terminated",
  ])("lets a process that is busy with it end with the code it chose: %s", async (ending) => {
    expect(await endBusyProcess(ending)).toEqual({ code: 7, signal: null });
  });

  describe("refuses with the reason, before it touches memory,", () => {
    const [width, height] = [5, 4];
    const image = {
      pixels: new Uint8Array(width * height * 3),
      width,
      height,
      channels: 3,
      stride: width * 3,
    };
    const good = { ...image, quality: 90, effort: 0, lossless: false, threads: 1 };
    const encode = (options: object) => (loadNativeAddon(NAME) as WebpAddon).encode(options as typeof good);

    it.each([
      ["pixels that are too few", { pixels: new Uint8Array(59) }, "60 bytes for pixels, received 59 bytes"],
      ["pixels that are too many", { pixels: new Uint8Array(61) }, "60 bytes for pixels, received 61 bytes"],
      [
        "pixels of another kind",
        { pixels: new Uint16Array(60) },
        "60 bytes for pixels, received no Uint8Array",
      ],
      ["no pixels", { pixels: undefined }, "60 bytes for pixels, received no Uint8Array"],
      ["two channels", { channels: 2 }, "1, 3 or 4 for channels, received 2"],
      ["five channels", { channels: 5 }, "an integer from 1 to 4 for channels, received 5"],
      ["no width", { width: 0 }, "for width, received 0"],
      ["half a row", { height: 1.5 }, "for height, received 1.5"],
      ["rows inside each other", { stride: 14 }, "an integer from 15 to 524288 for stride, received 14"],
      ["a size that would overflow", { width: 2 ** 31, stride: 2 ** 33 }, "for width, received 2147483648"],
      ["an effort beyond libwebp's", { effort: 7 }, "an integer from 0 to 6 for effort, received 7"],
      ["a quality that is none", { quality: Number.NaN }, "for quality, received NaN"],
      ["no thread", { threads: 0 }, "an integer from 1 to 64 for threads, received 0"],
      ["a text for a switch", { lossless: "no" }, "a boolean for lossless, received no"],
    ])("%s", (_what, change, message) => {
      expect(() => encode({ ...good, ...change })).toThrow(message);
    });

    it("memory that was given away", () => {
      const pixels = new Uint8Array(60);
      structuredClone(pixels.buffer, { transfer: [pixels.buffer] });
      expect(() => encode({ ...good, pixels })).toThrow("60 bytes for pixels, received 0 bytes");
    });

    it("nothing of what is right", async () => {
      const { promise, abandon } = encode(good);
      expect((await promise).length).toBeGreaterThan(12);
      expect(abandon()).toBeUndefined();
    });
  });
});
