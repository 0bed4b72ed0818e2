import { messageOf, UpscalerError } from "../errors.js";
import type { Log } from "../log.js";
import { orAborted } from "../or-aborted.js";
import type { PixelBuffer } from "../stages/page.js";
import type { Engine, UpscaledImage, UpscaleOptions } from "./engine.js";

/** @returns whether pages that do not fit on the GPU go to the CPU; a device that was named is obeyed, never replaced */
export function allowsCpuFallback(gpuId: number | "auto", asked: boolean | null): boolean {
  return asked ?? gpuId === "auto";
}

/**
 * A GPU's engine with the CPU behind it: a page that finds no memory on the GPU, even in the smallest tiles, is upscaled
 * by the same model on the CPU. That one is loaded when it is first needed, once for however many pages, and kept.
 * A lost GPU is not caught: the process has to be replaced. Main thread only.
 */
export class CpuFallbackEngine implements Engine {
  readonly #gpu: Engine;
  readonly #loadCpu: () => Promise<Engine>;
  readonly #log: Log;
  #cpu: Promise<Engine> | null = null;
  #closed: Promise<void> | null = null;

  /**
   * @param loadCpu loads the same model on the CPU
   */
  constructor(gpu: Engine, loadCpu: () => Promise<Engine>, log: Log) {
    this.#gpu = gpu;
    this.#loadCpu = loadCpu;
    this.#log = log;
  }

  get device(): Engine["device"] {
    return this.#gpu.device;
  }

  get model(): string {
    return this.#gpu.model;
  }

  get modelSha256(): string {
    return this.#gpu.modelSha256;
  }

  get scale(): number {
    return this.#gpu.scale;
  }

  get noise(): number | null {
    return this.#gpu.noise;
  }

  get precision(): Engine["precision"] {
    return this.#gpu.precision;
  }

  get lanes(): number {
    return this.#gpu.lanes;
  }

  async upscale(image: PixelBuffer, options: UpscaleOptions): Promise<UpscaledImage> {
    try {
      return await this.#gpu.upscale(image, options);
    } catch (thrown) {
      if (!(thrown instanceof UpscalerError && thrown.code === "out_of_memory")) throw thrown;
      return this.#upscaleOnCpu(image, options, thrown);
    }
  }

  /** Closes both, also a CPU engine whose loading is still going on. */
  close(): Promise<void> {
    this.#closed ??= this.#closeBoth();
    return this.#closed;
  }

  async #upscaleOnCpu(
    image: PixelBuffer,
    options: UpscaleOptions,
    failure: UpscalerError,
  ): Promise<UpscaledImage> {
    const cpu = await orAborted(this.#openCpu(failure), options.signal);
    // Loading takes a while, in which the engine may have been closed.
    this.#expectOpen();
    const upscaled = await cpu.upscale(image, options);
    const warning = `cpu_fallback: the page did not fit into the memory of ${this.#gpu.device.name}, computed on ${cpu.device.name}`;
    return { ...upscaled, warnings: [...upscaled.warnings, warning] };
  }

  #openCpu(failure: UpscalerError): Promise<Engine> {
    this.#expectOpen();
    if (this.#cpu !== null) return this.#cpu;
    const loading = this.#load(failure);
    this.#cpu = loading;
    // The next page tries again: what was missing, perhaps memory, may be there by then.
    loading.catch(() => {
      this.#cpu = null;
    });
    return loading;
  }

  async #load(failure: UpscalerError): Promise<Engine> {
    this.#log.warn("the GPU has no memory for a page: loading the model on the CPU too", {
      gpu: this.#gpu.device.name,
    });
    try {
      return await this.#loadCpu();
    } catch (thrown) {
      this.#log.warn("the model cannot be loaded on the CPU", { reason: messageOf(thrown) });
      throw new UpscalerError("out_of_memory", failure.message, {
        detail: `${failure.detail ?? failure.message}; on the CPU: ${messageOf(thrown)}`,
        cause: thrown,
      });
    }
  }

  #expectOpen(): void {
    if (this.#closed !== null) throw new UpscalerError("shutting_down", "the engine was closed");
  }

  async #closeBoth(): Promise<void> {
    const loading = this.#cpu;
    const closings = await Promise.allSettled([
      this.#gpu.close(),
      loading?.then(
        (cpu) => cpu.close(),
        // A load that failed has told the pages that waited for it and left nothing to close.
        () => undefined,
      ),
    ]);
    const failed = closings.find((closing) => closing.status === "rejected");
    if (failed) throw failed.reason;
  }
}
