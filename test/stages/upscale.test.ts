import { describe, expect, it, vi } from "vitest";
import type { UpscaledImage } from "../../src/engine/engine.js";
import { UpscalerError } from "../../src/errors.js";
import type { PageOptions } from "../../src/stages/job.js";
import type { Page } from "../../src/stages/page.js";
import { expectLoadedModel, upscalePage } from "../../src/stages/upscale.js";
import { enlargementOf } from "./enlargements.js";
import { numbers } from "./images.js";
import { NaiveNearestEngine } from "./naive-nearest-engine.js";

const OPTIONS: PageOptions = {
  ...{ model: null, scale: null, noise: null, tile: 96, fit: null },
  ...{ format: "webp", quality: null, effort: null, lossless: false, strips: false },
};
const ONCE = enlargementOf(2);
const OPAQUE: Page = {
  colour: { data: new Uint8Array([1, 2, 3, 4, 5, 6]), width: 2, height: 1, channels: 3 },
  alpha: null,
  greyscale: true,
  source: { width: 2, height: 1, format: "png" },
  warnings: ["from before"],
};
const TRANSPARENT: Page = {
  ...OPAQUE,
  alpha: { data: new Uint8Array([10, 200]), width: 2, height: 1, channels: 1 },
};

const job = (controller = new AbortController(), onProgress = vi.fn()) => ({
  ...{ options: OPTIONS, priority: 1, signal: controller.signal, onProgress },
});

describe("an opaque page", () => {
  it("is enlarged once, with everything else kept and the engine named", async () => {
    const engine = new NaiveNearestEngine(2);
    const { onProgress, ...rest } = job();
    const upscaled = await upscalePage(OPAQUE, engine, ONCE, { ...rest, onProgress });
    expect(upscaled).toMatchObject({ model: "nearest", precision: "fp32", tile: 64, device: "naive" });
    expect(upscaled.page).toMatchObject({ alpha: null, greyscale: true, source: OPAQUE.source });
    expect(upscaled.page.warnings).toEqual(["from before", "tile was made smaller"]);
    expect(numbers(upscaled.page.colour.data.subarray(0, 12))).toEqual([1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6]);
    expect(engine.options[0]?.tile).toBe(96);
    expect(onProgress.mock.calls).toEqual([
      [1, 2],
      [2, 2],
    ]);
  });
});

describe("a transparent page", () => {
  it("has its alpha enlarged as a grey image by the same network", async () => {
    const engine = new NaiveNearestEngine(2);
    const { page } = await upscalePage(TRANSPARENT, engine, ONCE, job());
    expect(engine.received.map(({ data, channels }) => [numbers(data), channels])).toEqual([
      [[1, 2, 3, 4, 5, 6], 3],
      [[10, 10, 10, 200, 200, 200], 3],
    ]);
    expect(page.alpha).toMatchObject({ width: 4, height: 2, channels: 1 });
    expect(page.alpha && numbers(page.alpha.data)).toEqual([10, 10, 200, 200, 10, 10, 200, 200]);
  });

  it("says each warning once and counts the tiles of both passes", async () => {
    const { onProgress, ...rest } = job();
    const { page } = await upscalePage(TRANSPARENT, new NaiveNearestEngine(), ONCE, {
      ...rest,
      onProgress,
    });
    expect(page.warnings).toEqual(["from before", "tile was made smaller"]);
    expect(onProgress.mock.calls).toEqual([
      [1, 4],
      [2, 4],
      [3, 4],
      [4, 4],
    ]);
  });

  it("is not gone on with when it is aborted between colour and alpha", async () => {
    const controller = new AbortController();
    const reason = new UpscalerError("cancelled", "cancelled");
    const engine = new NaiveNearestEngine();
    const onProgress = vi.fn((done: number) => done === 2 && controller.abort(reason));
    await expect(upscalePage(TRANSPARENT, engine, ONCE, job(controller, onProgress))).rejects.toBe(reason);
    expect(engine.received).toHaveLength(1);
  });
});

describe("an engine that misbehaves", () => {
  it.each([
    ["another width", { width: 5 }],
    ["another height", { height: 3 }],
    ["too few bytes", { data: new Uint8Array(23) }],
  ])("with %s gives a typed error instead of a sheared picture", async (_, change) => {
    class Wrong extends NaiveNearestEngine {
      override async upscale(...args: Parameters<NaiveNearestEngine["upscale"]>): Promise<UpscaledImage> {
        const right = await super.upscale(...args);
        return { ...right, image: { ...right.image, ...change } };
      }
    }
    await expect(upscalePage(OPAQUE, new Wrong(), ONCE, job())).rejects.toMatchObject({
      code: "internal",
      message: expect.stringContaining("expected the engine to give 4 x 2 pixels in 24 bytes"),
    });
  });

  it("by failing passes its own error on", async () => {
    const lost = new UpscalerError("gpu_lost", "the device is gone");
    const engine = new NaiveNearestEngine();
    vi.spyOn(engine, "upscale").mockRejectedValue(lost);
    await expect(upscalePage(OPAQUE, engine, ONCE, job())).rejects.toBe(lost);
  });
});

describe("options that the engine cannot serve", () => {
  it.each([
    [{ model: "other" }, "model_not_found", "expected model to be nearest, received other"],
    [{ noise: 1 }, "unsupported_option", "expected noise to be absent"],
  ])("%o", (change, code, message) => {
    const check = () => expectLoadedModel({ ...OPTIONS, ...change }, new NaiveNearestEngine());
    expect(check).toThrow(message);
    expect(check).toThrow(expect.objectContaining({ code }));
  });

  it("pass when they name what is loaded, or nothing", () => {
    expectLoadedModel({ ...OPTIONS, model: "nearest" }, new NaiveNearestEngine());
    expectLoadedModel(OPTIONS, new NaiveNearestEngine());
  });
});
