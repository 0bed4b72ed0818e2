import { beforeAll, describe, expect, it, vi } from "vitest";
import { UpscalerError } from "../../src/errors.js";
import { configureCodecs } from "../../src/stages/codec-settings.js";
import { encodePage as encodeJob } from "../../src/stages/encode.js";
import type { WebpEncoder } from "../../src/stages/webp-encoder.js";
import { encodePage, jobOf, OPTIONS, pageOf, smooth, tools } from "./encoding.js";
import { drawn } from "./images.js";

beforeAll(configureCodecs);

describe("WebP whose blocks have more modes than it can hold", () => {
  const full = new Error("the image's modes take more than 512 KiB");

  /** @param sparing least effort that does not end with the failure */
  async function attempt(effort: number, { sparing = 2, failure = full } = {}) {
    const efforts: number[] = [];
    const webp: WebpEncoder = {
      name: "full",
      async encode(_image, settings) {
        efforts.push(settings.effort);
        if (settings.effort < sparing) throw failure;
        return Uint8Array.of(1);
      },
    };
    const job = jobOf({ ...OPTIONS, effort });
    const encoding = encodeJob(await pageOf(smooth()), job, { ...tools(1), webp });
    const outcome = await encoding
      .then(({ page }) => `written with ${page.effort}`)
      .catch(({ code }) => code);
    return { outcome, efforts };
  }

  it("is written with an effort that spares them", async () => {
    expect(await attempt(0)).toEqual({ outcome: "written with 2", efforts: [0, 2] });
    expect(await attempt(1)).toEqual({ outcome: "written with 2", efforts: [1, 2] });
    expect(await attempt(3)).toEqual({ outcome: "written with 3", efforts: [3] });
  });

  it("is given up when that fails too", async () => {
    expect(await attempt(0, { sparing: 7 })).toEqual({ outcome: "encode_failed", efforts: [0, 2] });
    expect(await attempt(3, { sparing: 7 })).toEqual({ outcome: "encode_failed", efforts: [3] });
  });

  it("is not tried again for another reason", async () => {
    const failure = new UpscalerError("out_of_memory", "no memory");
    expect(await attempt(0, { failure })).toEqual({ outcome: "out_of_memory", efforts: [0] });
  });

  it("is not tried again once the page is given up", async () => {
    const controller = new AbortController();
    const reason = new UpscalerError("cancelled", "no longer wanted");
    const encode = vi.fn(async () => {
      controller.abort(reason);
      throw full;
    });
    const job = jobOf({ ...OPTIONS, effort: 0 }, { signal: controller.signal });
    const encoding = encodeJob(await pageOf(smooth()), job, {
      ...tools(1),
      webp: { name: "full", encode },
    });
    await expect(encoding).rejects.toBe(reason);
    expect(encode).toHaveBeenCalledOnce();
  });
});

it("a page that the format cannot hold gives encode_failed with the codec's words", async () => {
  const page = await pageOf(drawn(1, 16384, () => [1, 2, 3]));
  await expect(encodePage(page, OPTIONS, 100)).rejects.toMatchObject({
    code: "encode_failed",
    message: "cannot write the page as webp in 1 x 16384 pixels",
    detail: expect.stringMatching(/.+/),
  });
});
