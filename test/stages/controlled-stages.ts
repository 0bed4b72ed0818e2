import type { UpscalerError } from "../../src/errors.js";
import type { PageJob, PageOptions } from "../../src/stages/job.js";
import type { Page, PixelBuffer } from "../../src/stages/page.js";
import type { PageStages } from "../../src/stages/page-stages.js";

export const OPTIONS: PageOptions = {
  ...{ model: null, scale: null, noise: null, tile: 0, fit: null },
  ...{ format: "webp", quality: null, effort: null, lossless: false, strips: false },
};
const PIXEL: PixelBuffer = { data: new Uint8Array(3), width: 1, height: 1, channels: 3 };
export const STAGE_NAMES = ["decode", "upscale", "encode"] as const;
type StageName = (typeof STAGE_NAMES)[number];

/** Lets everything that can happen now happen. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));

interface Step {
  readonly stage: StageName;
  readonly job: number;
  finish(): void;
  fail(reason: unknown): void;
}

/** Stages that do nothing until the test says so, and know how many pages they have been handed. */
export class ControlledStages implements PageStages {
  readonly running: Step[] = [];
  /** Jobs that came to be encoded while the stages before were full. */
  readonly withMoreToCome: number[] = [];
  readonly log: string[] = [];
  refusal: UpscalerError | null = null;
  unwritable: UpscalerError | null = null;

  expectSupported(): void {
    if (this.refusal) throw this.refusal;
  }

  expectWritable(): void {
    if (this.unwritable) throw this.unwritable;
  }

  async decode(data: Uint8Array): Promise<Page> {
    await this.#step("decode", data[0] ?? 0);
    return {
      ...{ colour: { ...PIXEL, data: data.slice() }, alpha: null, greyscale: false },
      ...{ source: { width: 1, height: 1, format: "png" }, warnings: ["from decode"] },
    };
  }

  async cacheKey(job: PageJob): Promise<string> {
    return `key ${job.data[0]}`;
  }

  async upscale(page: Page, job: PageJob) {
    await this.#step("upscale", job.data[0] ?? 0, job.signal);
    const warnings = [...page.warnings, "from upscale"];
    return { page: { ...page, warnings }, model: "m", precision: "fp32", tile: 64, device: "cpu" };
  }

  async encode(page: Page, { options, data: input }: PageJob, moreToCome = false) {
    if (moreToCome) this.withMoreToCome.push(page.colour.data[0] ?? 0);
    await this.#step("encode", page.colour.data[0] ?? 0);
    const data = new Uint8Array([page.colour.data[0] ?? 0, input.length]);
    return {
      page: { data, width: 2, height: 2, format: options.format, effort: null },
      warnings: ["from encode"],
    };
  }

  /** As the engine does, ends early when the signal is aborted. */
  #step(stage: StageName, job: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (end: () => void) => () => {
        const at = this.running.indexOf(step);
        // Aborted after its end.
        if (at < 0) return;
        this.running.splice(at, 1);
        this.log.push(`${stage} ${job}`);
        end();
      };
      const step: Step = {
        ...{ stage, job },
        finish: leave(resolve),
        fail: (reason) => leave(() => reject(reason))(),
      };
      signal?.addEventListener("abort", () => step.fail(signal.reason));
      this.running.push(step);
    });
  }

  /** What runs now, as "decode 1". */
  get now(): string[] {
    return this.running.map(({ stage, job }) => `${stage} ${job}`).sort();
  }

  find(name: string): Step {
    const step = this.running.find(({ stage, job }) => `${stage} ${job}` === name);
    if (!step) throw new Error(`expected ${name} to run, received ${this.now.join(", ")}`);
    return step;
  }

  async finish(name: string): Promise<void> {
    this.find(name).finish();
    await settled();
  }
}
