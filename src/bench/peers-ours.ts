import { UpscaleClient } from "../client/upscale-client.js";
import type { UpscaleResult } from "../client/upscale-result.js";
import { UpscalerError } from "../errors.js";
import { resolveForeignModel } from "../models/catalogue.js";
import type { OutputFormat } from "../stages/page.js";
import { type Contender, JPEG_QUALITY, WEBP_QUALITY } from "./peers-contender.js";

export interface OurSettings {
  readonly gpuId: number | "auto";
  /** FILE.param of a published model. */
  readonly model: string;
  /** Whole image files. */
  readonly pages: readonly Uint8Array[];
  /** Milliseconds that a page may take, all waiting included. */
  readonly limitMs: number;
}

export interface OurAbout {
  readonly device: { readonly index: number; readonly name: string; readonly backend: string };
  /** SHA-256 of the model's weights. */
  readonly weights: string;
}

interface Running {
  readonly client: UpscaleClient;
  readonly about: OurAbout;
}

/** `null` leaves the effort to the worker. */
export type Effort = number | null;

function settingsOf(format: OutputFormat, effort: Effort): string {
  if (format === "png") return "lossless";
  if (format === "jpeg") return `q${JPEG_QUALITY}`;
  return `q${WEBP_QUALITY}, ${effort === null ? "the worker's effort" : `effort ${effort}`}`;
}

/** This program's worker with one model, spoken to as a reader does: over its pipes. */
export class OurWorker {
  readonly #settings: OurSettings;
  #running: Promise<Running> | null = null;

  constructor(settings: OurSettings) {
    this.#settings = settings;
  }

  /**
   * Starts the worker, unless it runs.
   *
   * @throws {ModelError | RequestError} no such model, or the worker cannot start
   */
  async about(): Promise<OurAbout> {
    return (await this.#start()).about;
  }

  contender(format: OutputFormat, effort: Effort = null): Contender {
    const upscale = (pages: readonly number[]) => this.#upscale(pages, format, effort);
    return {
      ...{ program: "ours", format, settings: settingsOf(format, effort) },
      upscale: async (pages) => {
        await this.#start();
        const started = performance.now();
        const results = await upscale(pages);
        const ms = performance.now() - started;
        const bytes = results.reduce((sum, { data }) => sum + data.length, 0);
        const efforts = results.flatMap(({ effort }) => (effort === undefined ? [] : [effort]));
        return { ms, bytes, efforts };
      },
      sample: async (page) => {
        const [result] = await upscale([page]);
        if (result === undefined) throw new Error("expected a result, received none");
        return result.data;
      },
    };
  }

  async close(): Promise<void> {
    const running = await this.#running?.catch(() => null);
    await running?.client.close({ mode: "now" });
  }

  async #upscale(
    pages: readonly number[],
    format: OutputFormat,
    effort: Effort,
  ): Promise<readonly UpscaleResult[]> {
    const { client } = await this.#start();
    const options = {
      ...{ format, timeoutMs: this.#settings.limitMs },
      ...(format === "png" ? {} : { quality: format === "webp" ? WEBP_QUALITY : JPEG_QUALITY }),
      ...(effort === null ? {} : { effort }),
    };
    return await Promise.all(pages.map((page) => client.upscale(this.#page(page), options)));
  }

  #page(position: number): Uint8Array {
    const page = this.#settings.pages[position];
    if (page === undefined) throw new RangeError(`expected a page at ${position}, there is none`);
    return page;
  }

  #start(): Promise<Running> {
    this.#running ??= this.#spawn();
    return this.#running;
  }

  async #spawn(): Promise<Running> {
    const { gpuId, model } = this.#settings;
    const { files } = await resolveForeignModel(model);
    const client = UpscaleClient.spawn({ worker: { gpuId, model, logLevel: "error" }, restart: false });
    try {
      const [device] = (await client.ready()).ready.devices;
      if (device === undefined)
        throw new UpscalerError("internal", "expected a device, the worker named none");
      const { index, name, backend } = device;
      return { client, about: { device: { index, name, backend }, weights: files.bin.sha256 } };
    } catch (failure) {
      await client.close({ mode: "now" });
      throw failure;
    }
  }
}
