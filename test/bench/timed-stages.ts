import { setTimeout as delay } from "node:timers/promises";
import { BENCH_PRIORITY } from "../../src/bench/pipeline-round.js";
import type { PageJob } from "../../src/stages/job.js";
import type { Page } from "../../src/stages/page.js";
import type { PageStages } from "../../src/stages/page-stages.js";
import { OPTIONS } from "../stages/controlled-stages.js";

export const jobOf = (index: number, signal: AbortSignal): PageJob => ({
  data: new Uint8Array([index % 256]),
  options: OPTIONS,
  priority: BENCH_PRIORITY,
  signal,
});

/** Stages that take a while without computing anything, and count what they hand out and what is given back. */
export class TimedStages implements PageStages {
  readonly most = { decode: 0, upscale: 0, encode: 0 };
  readonly done = { decode: 0, upscale: 0, encode: 0 };
  /** Upscaled pages whose memory nobody has given back. */
  held = 0;
  failAt = Number.POSITIVE_INFINITY;
  readonly #running = { decode: 0, upscale: 0, encode: 0 };
  readonly #ms: Readonly<Record<"decode" | "upscale" | "encode", number>>;

  constructor(ms: Readonly<Record<"decode" | "upscale" | "encode", number>>) {
    this.#ms = ms;
  }

  get running(): number {
    return this.#running.decode + this.#running.upscale + this.#running.encode;
  }

  expectSupported(): void {}

  expectWritable(): void {}

  async cacheKey(): Promise<string> {
    return "key";
  }

  async decode(data: Uint8Array): Promise<Page> {
    await this.#take("decode");
    const colour = { data, width: 1, height: 1, channels: 3 } as const;
    const source = { width: 1, height: 1, format: "png" };
    return { colour, alpha: null, greyscale: false, source, warnings: [] };
  }

  async upscale(page: Page) {
    await this.#take("upscale");
    if (this.done.upscale === this.failAt) throw new Error("broken page");
    this.held++;
    let isHeld = true;
    const release = () => {
      if (!isHeld) throw new Error("released twice");
      isHeld = false;
      this.held--;
    };
    const upscaled = { ...page, colour: { ...page.colour, release } };
    return { page: upscaled, model: "m", precision: "fp32", tile: 64, device: "cpu" };
  }

  async encode(page: Page) {
    await this.#take("encode");
    page.colour.release?.();
    return {
      page: { data: new Uint8Array(1), width: 2, height: 2, format: "webp" as const, effort: 2 },
      warnings: [],
    };
  }

  async #take(stage: "decode" | "upscale" | "encode"): Promise<void> {
    this.#running[stage]++;
    this.most[stage] = Math.max(this.most[stage], this.#running[stage]);
    await delay(this.#ms[stage]);
    this.#running[stage]--;
    this.done[stage]++;
  }
}
