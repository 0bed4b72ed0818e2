import { describe, expect, it } from "vitest";
import { allowsCpuFallback, CpuFallbackEngine } from "../../src/engine/cpu-fallback.js";
import type { Engine, UpscaledImage, UpscaleOptions } from "../../src/engine/engine.js";
import { UpscalerError } from "../../src/errors.js";
import { createLog } from "../../src/log.js";
import type { PixelBuffer } from "../../src/stages/page.js";
import { paint } from "../support/images.js";

const image = paint(4, 4, (x, y) => [x, y, 0]);
const never: UpscaleOptions = { tile: null, signal: new AbortController().signal };
const noMemory = () => new UpscalerError("out_of_memory", "no memory on the GPU", { detail: "VkResult -2" });

/** An engine that does what it is told, and counts. */
class ScriptedEngine implements Engine {
  readonly model = "bd2x-fast";
  readonly modelSha256 = "00";
  readonly scale = 2;
  readonly noise = null;
  readonly precision = "fp16";
  readonly lanes = 2;
  readonly device: Engine["device"];
  readonly options: UpscaleOptions[] = [];
  closings = 0;
  readonly #result: () => Promise<UpscaledImage>;

  constructor(backend: "vulkan" | "cpu", result: () => Promise<UpscaledImage>) {
    this.device = { index: 0, name: `a ${backend} device`, backend, memoryMb: 1 };
    this.#result = result;
  }

  upscale(_: PixelBuffer, options: UpscaleOptions): Promise<UpscaledImage> {
    this.options.push(options);
    return this.#result();
  }

  async close(): Promise<void> {
    this.closings++;
  }
}

const upscaled: UpscaledImage = { image, tile: 4, warnings: ["tile_reduced: an earlier warning"] };
const fullGpu = () => new ScriptedEngine("vulkan", () => Promise.reject(noMemory()));

function open(gpu: ScriptedEngine, cpu = new ScriptedEngine("cpu", async () => upscaled)) {
  const loads: PromiseWithResolvers[] = [];
  const lines: string[] = [];
  const load = () => {
    const { promise, ...settle } = deferred<Engine>();
    loads.push({ resolve: () => settle.resolve(cpu), reject: settle.reject });
    return promise;
  };
  const engine = new CpuFallbackEngine(
    gpu,
    load,
    createLog((line) => lines.push(line)),
  );
  return { engine, gpu, cpu, loads, lines };
}

interface PromiseWithResolvers {
  resolve(): void;
  reject(reason: unknown): void;
}

function deferred<Value>() {
  let resolve: (value: Value) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<Value>((onValue, onReason) => {
    resolve = onValue;
    reject = onReason;
  });
  return { promise, resolve, reject };
}

/** Lets everything that is ready to go on do so. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("allowsCpuFallback", () => {
  it("follows the user, and otherwise whether the GPU was named", () => {
    expect([allowsCpuFallback("auto", null), allowsCpuFallback(0, null)]).toEqual([true, false]);
    expect([allowsCpuFallback("auto", false), allowsCpuFallback(0, true)]).toEqual([false, true]);
  });
});

describe("CpuFallbackEngine", () => {
  it("leaves the CPU alone as long as the GPU works, and speaks for the GPU", async () => {
    const { engine, gpu, loads } = open(new ScriptedEngine("vulkan", async () => upscaled));
    expect(await engine.upscale(image, never)).toBe(upscaled);
    expect(loads).toHaveLength(0);
    const { device, model, modelSha256, scale, precision, lanes } = engine;
    expect(gpu).toMatchObject({ device, model, modelSha256, scale, precision, lanes });
  });

  it("computes a page that has no room on the GPU on the CPU, with the same options and a warning", async () => {
    const { engine, cpu, loads, lines } = open(fullGpu());
    const options = { ...never, tile: 64 };
    const running = engine.upscale(image, options);
    await turn();
    loads[0]?.resolve();
    expect((await running).warnings).toEqual([
      "tile_reduced: an earlier warning",
      "cpu_fallback: the page did not fit into the memory of a vulkan device, computed on a cpu device",
    ]);
    expect(cpu.options).toEqual([options]);
    expect(lines.join("\n")).toMatch(/^warn: the GPU has no memory/);
  });

  it("loads once however many pages fail together, and keeps what it loaded", async () => {
    const { engine, gpu, cpu, loads } = open(fullGpu());
    const pages = Array.from({ length: 8 }, () => engine.upscale(image, never));
    await turn();
    loads[0]?.resolve();
    await Promise.all(pages);
    await engine.upscale(image, never);
    expect(loads).toHaveLength(1);
    expect([gpu.options.length, cpu.options.length]).toEqual([9, 9]);
  });

  it.each(["gpu_lost", "internal", "cancelled", "shutting_down"] as const)(
    "does not catch %s",
    async (code) => {
      const { engine, loads } = open(
        new ScriptedEngine("vulkan", () => Promise.reject(new UpscalerError(code, "no"))),
      );
      await expect(engine.upscale(image, never)).rejects.toMatchObject({ code });
      expect(loads).toHaveLength(0);
    },
  );

  it("does not catch what is no failure of an engine", async () => {
    const { engine } = open(new ScriptedEngine("vulkan", () => Promise.reject(new TypeError("a fault"))));
    await expect(engine.upscale(image, never)).rejects.toThrow(TypeError);
  });

  it("tells all pages why, when the CPU cannot be loaded, and tries again with the next", async () => {
    const { engine, loads, lines } = open(fullGpu());
    const pages = [engine.upscale(image, never), engine.upscale(image, never)];
    await turn();
    loads[0]?.reject(new Error("no RAM either"));
    for (const outcome of await Promise.allSettled(pages)) {
      expect(outcome).toMatchObject({
        reason: { code: "out_of_memory", detail: "VkResult -2; on the CPU: no RAM either" },
      });
    }
    expect(lines.at(-1)).toMatch(/cannot be loaded on the CPU reason="no RAM either"/);
    const next = engine.upscale(image, never);
    await turn();
    loads[1]?.resolve();
    await next;
    expect(loads).toHaveLength(2);
  });

  it("survives a loader that throws at once", async () => {
    const cpu = new ScriptedEngine("cpu", async () => upscaled);
    let attempts = 0;
    const load = () => {
      if (attempts++ === 0) throw new Error("not even begun");
      return Promise.resolve(cpu);
    };
    const engine = new CpuFallbackEngine(
      fullGpu(),
      load,
      createLog(() => undefined),
    );
    await expect(engine.upscale(image, never)).rejects.toMatchObject({ code: "out_of_memory" });
    await turn();
    expect((await engine.upscale(image, never)).image).toBe(image);
  });

  it("gives a page up at once that is cancelled while the CPU is loaded, and serves the others", async () => {
    const { engine, cpu, loads } = open(fullGpu());
    const controller = new AbortController();
    const cancelled = engine.upscale(image, { ...never, signal: controller.signal });
    const kept = engine.upscale(image, never);
    await turn();
    controller.abort(new UpscalerError("cancelled", "not wanted any more"));
    await expect(cancelled).rejects.toMatchObject({ code: "cancelled" });
    loads[0]?.resolve();
    await kept;
    expect(cpu.options).toHaveLength(1);
  });

  it("passes the CPU's own failure on", async () => {
    const failing = new ScriptedEngine("cpu", () => Promise.reject(new UpscalerError("internal", "broken")));
    const { engine, loads } = open(fullGpu(), failing);
    const running = engine.upscale(image, never);
    await turn();
    loads[0]?.resolve();
    await expect(running).rejects.toMatchObject({ code: "internal" });
  });
});

describe("closing a CpuFallbackEngine", () => {
  it("closes the GPU only, where the CPU was never needed, and once", async () => {
    const { engine, gpu, cpu } = open(new ScriptedEngine("vulkan", async () => upscaled));
    await Promise.all([engine.close(), engine.close()]);
    await engine.close();
    expect([gpu.closings, cpu.closings]).toEqual([1, 0]);
  });

  it("waits for a CPU engine that is being loaded, closes it and refuses the page that waited", async () => {
    const { engine, gpu, cpu, loads } = open(fullGpu());
    const waiting = engine.upscale(image, never);
    const refused = expect(waiting).rejects.toMatchObject({ code: "shutting_down" });
    await turn();
    let isClosed = false;
    const closing = engine.close().then(() => {
      isClosed = true;
    });
    await turn();
    expect(isClosed).toBe(false);
    loads[0]?.resolve();
    await Promise.all([closing, refused]);
    expect([gpu.closings, cpu.closings, cpu.options.length]).toEqual([1, 1, 0]);
  });

  it("ends well when the CPU engine that is being loaded fails", async () => {
    const { engine, loads } = open(fullGpu());
    const refused = expect(engine.upscale(image, never)).rejects.toMatchObject({ code: "out_of_memory" });
    await turn();
    const closing = engine.close();
    loads[0]?.reject(new Error("no RAM"));
    await Promise.all([closing, refused]);
  });

  it("begins no loading afterwards", async () => {
    const { engine, loads } = open(fullGpu());
    await engine.close();
    await expect(engine.upscale(image, never)).rejects.toMatchObject({ code: "shutting_down" });
    expect(loads).toHaveLength(0);
  });
});
