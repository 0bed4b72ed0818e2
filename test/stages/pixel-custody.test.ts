import { describe, expect, it, vi } from "vitest";
import type { Page } from "../../src/stages/page.js";
import { PixelCustody } from "../../src/stages/pixel-custody.js";
import { upscalePage } from "../../src/stages/upscale.js";
import { OPTIONS } from "./controlled-stages.js";
import { enlargementOf } from "./enlargements.js";
import { NaiveNearestEngine } from "./naive-nearest-engine.js";

/** Its results count how often they are given back. */
class CountingEngine extends NaiveNearestEngine {
  made = 0;
  released = 0;

  override async upscale(...call: Parameters<NaiveNearestEngine["upscale"]>) {
    const upscaled = await super.upscale(...call);
    this.made++;
    return { ...upscaled, image: { ...upscaled.image, release: () => this.released++ } };
  }
}

function pageOf(release: () => void, alphaRelease: () => void = release): Page {
  const size = { width: 2, height: 2 };
  return {
    colour: { ...size, data: new Uint8Array(12), channels: 3, release },
    alpha: { ...size, data: new Uint8Array(4), channels: 1, release: alphaRelease },
    greyscale: false,
    source: { ...size, format: "png" },
    warnings: [],
  };
}

describe("pixels between two stages", () => {
  it("are given back once, colour and alpha, when the page is aborted meanwhile", () => {
    const [colour, alpha] = [vi.fn(), vi.fn()];
    const controller = new AbortController();
    new PixelCustody().keep(pageOf(colour, alpha), controller.signal);
    expect(colour).not.toHaveBeenCalled();
    controller.abort();
    expect([colour.mock.calls.length, alpha.mock.calls.length]).toEqual([1, 1]);
  });

  it("are left to the next stage once it has them", () => {
    const release = vi.fn();
    const controller = new AbortController();
    const custody = new PixelCustody();
    const page = pageOf(release);
    custody.keep(page, controller.signal);
    custody.take(page);
    controller.abort();
    expect(release).not.toHaveBeenCalled();
  });

  it("are given back at once when the page was aborted while they were made", () => {
    const release = vi.fn();
    const reason = new Error("cancelled");
    expect(() => new PixelCustody().keep(pageOf(release), AbortSignal.abort(reason))).toThrow(reason);
    expect(release).toHaveBeenCalledTimes(2);
  });
});

describe("a page with alpha", () => {
  it.each([1, 2])("that is aborted in pass %i leaves no pixels behind", async (pass) => {
    const engine = new CountingEngine();
    const controller = new AbortController();
    const job = {
      ...{ options: OPTIONS, priority: 1, signal: controller.signal },
      onProgress: (done: number) => {
        if (done === 2 * pass) controller.abort(new Error("cancelled"));
      },
    };
    const custody = new PixelCustody();
    const made = upscalePage(pageOf(vi.fn()), engine, enlargementOf(2), job).then(({ page }) =>
      custody.keep(page, job.signal),
    );
    await expect(made).rejects.toThrow("cancelled");
    expect([engine.made, engine.released]).toEqual([pass, pass]);
  });
});
