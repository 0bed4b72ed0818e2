import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { UpscalerError } from "../../src/errors.js";
import { configureCodecs } from "../../src/stages/codec-settings.js";
import { encodePage as encodeJob } from "../../src/stages/encode.js";
import type { PageOptions } from "../../src/stages/job.js";
import type { EncodedStrip, Page } from "../../src/stages/page.js";
import { paintScreentone } from "../support/images.js";
import { encodePage, jobOf, LOSSLESS, OPTIONS, pageOf, pixels, tools } from "./encoding.js";

beforeAll(configureCodecs);

describe("strips", () => {
  const screentone = (rows = 700) => {
    const { data, width, height } = paintScreentone(70, rows);
    return sharp(data, { raw: { width, height, channels: 3 } });
  };
  const alpha = {
    data: new Uint8Array(70 * 700).map((_, at) => (at * 7) % 256),
    ...{ width: 70, height: 700, channels: 1 as const },
  };

  async function rowsOf(page: Page, options: PageOptions) {
    const strips: EncodedStrip[] = [];
    const job = jobOf({ ...options, strips: true }, { onStrip: (strip) => strips.push(strip) });
    const { page: result } = await encodeJob(page, job, tools(4));
    expect(result.data.length).toBe(0);
    const parts = await Promise.all(strips.map(({ data }) => pixels(data)));
    return { strips, result, rows: Buffer.concat(parts.map(({ data }) => data)) };
  }

  it.each([
    ["webp", { lossless: true }],
    ["png", {}],
  ] as const)("one after another are the rows of the upscaled image: %s", async (format, change) => {
    const page = await pageOf(screentone());
    const { strips, result, rows } = await rowsOf(page, { ...OPTIONS, format, ...change });
    expect(strips.length).toBe(4);
    expect(result).toMatchObject({ width: 70, height: 700, format });
    expect(rows.equals(page.colour.data)).toBe(true);
  });

  it.each([
    ["with alpha", { alpha }, {}],
    ["in grey", { greyscale: true }, {}],
    ["in grey with alpha", { greyscale: true, alpha }, {}],
    ["shrunk to fit", {}, { fit: { width: 60, height: null } }],
    ["in grey, shrunk to fit", { greyscale: true }, { fit: { width: 60, height: null } }],
  ] as const)("are what the page is as one image: %s", async (_what, change, options) => {
    const page = await pageOf(screentone(), change);
    const settings = { ...LOSSLESS, ...options };
    const { strips, rows } = await rowsOf(page, settings);
    const whole = await encodePage(page, settings, 100);
    expect(strips.length).toBeGreaterThan(3);
    expect(rows.equals((await pixels(whole.page.data)).data)).toBe(true);
  });

  it("that wait are given up with the signal's reason", async () => {
    const controller = new AbortController();
    const reason = new UpscalerError("cancelled", "no longer wanted");
    const delivered: number[] = [];
    const job = jobOf(
      { ...OPTIONS, strips: true },
      {
        signal: controller.signal,
        onStrip: ({ index }) => {
          delivered.push(index);
          controller.abort(reason);
        },
      },
    );
    await expect(encodeJob(await pageOf(screentone(2000)), job, tools(1))).rejects.toBe(reason);
    expect(delivered).toEqual([0]);
  });
});
