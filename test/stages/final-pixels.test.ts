import { beforeAll, describe, expect, it } from "vitest";
import { configureCodecs } from "../../src/stages/codec-settings.js";
import { finalPixels } from "../../src/stages/final-pixels.js";
import type { Page, PixelBuffer } from "../../src/stages/page.js";
import { paint } from "../support/images.js";

beforeAll(configureCodecs);

function pageOf(colour: PixelBuffer, change: Partial<Page> = {}): Page {
  return {
    ...{
      colour,
      alpha: null,
      greyscale: false,
      source: { width: 1, height: 1, format: "png" },
      warnings: [],
    },
    ...change,
  };
}

/** Mean light of 8-bit sRGB values, 0 to 1 (IEC 61966-2-1). */
function meanLight(data: Uint8Array): number {
  const light = [...data].map((value) => {
    const v = value / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  });
  return light.reduce((sum, each) => sum + each, 0) / light.length;
}

/** Round black dots on white. */
const dots = (pitch: number) =>
  paint(300, 300, (x, y) => {
    const [dx, dy] = [(x % pitch) - pitch / 2 + 0.5, (y % pitch) - pitch / 2 + 0.5];
    const value = dx * dx + dy * dy < (pitch / 3) ** 2 ? 0 : 255;
    return [value, value, value];
  });

const bar = () =>
  paint(200, 60, (x) => (x >= 60 && x < 140 ? [0, 0, 0] : [255, 255, 255]) as [number, number, number]);

describe("finalPixels", () => {
  it("are the page's own memory where nothing has to be changed", async () => {
    const colour = dots(6);
    for (const greyscale of [true, false]) {
      const { pixels, warnings } = await finalPixels(pageOf(colour, { greyscale }), "webp", colour);
      expect(pixels.data).toBe(colour.data);
      expect(warnings).toEqual([]);
    }
  });

  it.each([6, 8, 10])(
    "keep the brightness of screentone in a grey page that is shrunk: pitch %i",
    async (pitch) => {
      const colour = dots(pitch);
      const before = meanLight(colour.data);
      const shrunk = async (greyscale: boolean) => {
        const { pixels } = await finalPixels(pageOf(colour, { greyscale }), "png", {
          width: 180,
          height: 180,
        });
        return meanLight(pixels.data) / before;
      };
      expect(Math.abs((await shrunk(true)) - 1)).toBeLessThan(0.01);
      expect(await shrunk(false)).toBeLessThan(0.97);
    },
  );

  it.each([true, false])("leave ink black to its core, greyscale: %s", async (greyscale) => {
    const size = { width: 90, height: 27 };
    const { pixels } = await finalPixels(pageOf(bar(), { greyscale }), "png", size);
    const row = [...pixels.data.subarray(13 * 90 * 3, 14 * 90 * 3)].filter((_, at) => at % 3 === 0);
    // Two pixels at either edge of the bar may be mixed.
    expect(Math.max(...row.slice(29, 61))).toBeLessThanOrEqual(2);
  });
});
