import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { PACKAGE_ROOT } from "../package-root.js";
import type { OutputFormat } from "../stages/page.js";
import {
  type Contender,
  JPEG_QUALITY,
  PEER_WEBP_EFFORT,
  type Timed,
  WEBP_QUALITY,
} from "./peers-contender.js";
import { PeerProcess } from "./peers-process.js";

/** Threads of each stage; `cpu` are those of one inference without a GPU. */
export interface PeerThreads {
  readonly decode: number;
  readonly upscale: number;
  readonly encode: number;
  readonly cpu: number;
}

export interface PeerSettings {
  readonly python: string;
  /** Folder with the installed packages. */
  readonly site: string;
  /** null: the CPU. By name where that is known: two programs may count devices differently. */
  readonly gpu: { readonly index: number; readonly name: string | null } | null;
  readonly threads: PeerThreads;
  /** Paths. */
  readonly pages: readonly string[];
  /** sr-vulkan's name of the model. */
  readonly model: string;
  /** Folder for what is kept. */
  readonly folder: string;
  /** Milliseconds that an answer may take. */
  readonly limitMs: number;
}

const SCRIPT = join(PACKAGE_ROOT, "scripts", "peers", "sr_vulkan_peer.py");

const openAnswer = z.object({ t: z.literal("open"), version: z.string(), device: z.string() });
const modelAnswer = z.object({ t: z.literal("model"), sha256: z.string() });
const upscaleAnswer = z.object({ t: z.literal("upscale"), ms: z.number(), bytes: z.number() });

export type PeerAbout = Omit<z.infer<typeof openAnswer>, "t">;

const SETTINGS: Readonly<Record<OutputFormat, string>> = {
  webp: `q${WEBP_QUALITY}, effort ${PEER_WEBP_EFFORT}`,
  jpeg: `q${JPEG_QUALITY}`,
  png: "lossless",
};

/** sr-vulkan with one model. A process that failed is replaced for the next question. */
export class SrVulkan {
  readonly #settings: PeerSettings;
  #process: PeerProcess | null = null;
  #kept = 0;
  /** It will not do the next time what it could not do at the start. */
  #refusal: Error | null = null;
  #about: PeerAbout | null = null;

  constructor(settings: PeerSettings) {
    this.#settings = settings;
  }

  /** What it said of itself; null before it ever started. */
  get about(): PeerAbout | null {
    return this.#about;
  }

  /**
   * @returns SHA-256 of the model's weights
   * @throws {Error} it cannot be started, or has no such model; nothing else is tried then, either
   */
  async weights(): Promise<string> {
    const { model } = this.#settings;
    try {
      return (await this.#ask({ t: "model", model }, modelAnswer)).sha256;
    } catch (failure) {
      this.#refusal = failure as Error;
      throw failure;
    }
  }

  /** @param tile side in input pixels */
  contender(format: OutputFormat, tile: number): Contender {
    const request = { t: "upscale", model: this.#settings.model, format, tile };
    const efforts = format === "webp" ? [PEER_WEBP_EFFORT] : [];
    const upscale = async (pages: readonly number[], keep: string | null): Promise<Timed> => ({
      ...(await this.#ask({ ...request, pages, keep }, upscaleAnswer)),
      efforts,
    });
    return {
      ...{ program: "peer", format, settings: `${SETTINGS[format]}, tile ${tile}` },
      upscale: (pages) => upscale(pages, null),
      sample: async (page) => {
        const path = join(this.#settings.folder, `${this.#settings.model}-${this.#kept++}`);
        await upscale([page], path);
        return await readFile(path);
      },
    };
  }

  async close(): Promise<void> {
    const running = this.#process;
    this.#process = null;
    await running?.close();
  }

  async #ask<Answer>(question: object, answer: z.ZodType<Answer>): Promise<Answer> {
    if (this.#refusal !== null) throw this.#refusal;
    try {
      this.#process ??= await this.#start();
      return await this.#process.ask(question, answer, this.#settings.limitMs);
    } catch (failure) {
      // Pages may be left in it, or it may never answer again.
      await this.close();
      throw failure;
    }
  }

  async #start(): Promise<PeerProcess> {
    const { python, site, gpu, threads, pages, limitMs } = this.#settings;
    const started = new PeerProcess({
      ...{ command: python, args: ["-s", "-B", SCRIPT] },
      env: { PYTHONPATH: site, PYTHONUNBUFFERED: "1" },
    });
    try {
      const open = { t: "open", gpu, threads, quality: WEBP_QUALITY, pages };
      const { version, device } = await started.ask(open, openAnswer, limitMs);
      this.#about = { version, device };
      return started;
    } catch (failure) {
      await started.close();
      throw failure;
    }
  }
}
