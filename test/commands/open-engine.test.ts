import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { addEngineOptions, type EngineChoice } from "../../src/commands/engine-options.js";
import { openEngine } from "../../src/commands/open-engine.js";
import type { Engine } from "../../src/engine/engine.js";
import type { NativeDevice } from "../../src/engine/native.js";
import { CPU_INDEX } from "../../src/engine/select-device.js";
import { SILENT_LOG } from "../../src/log.js";
import { addon, never } from "../support/engines.js";
import { paintScreentone } from "../support/images.js";
import { fakeDevice, pretendDevice } from "./fake-addon.js";

const opened: Engine[] = [];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "open-engine-"));
  vi.stubEnv("BDREADER_CACHE_DIR", folder);
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((engine) => engine.close()));
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function open(choice: Partial<EngineChoice>): Promise<Engine> {
  const defaults = addEngineOptions(new Command()).parse([], { from: "user" }).opts<EngineChoice>();
  // Without a choice of arithmetics nothing is measured before the engine is loaded.
  const engine = await openEngine({ ...defaults, winograd: false, ...choice }, SILENT_LOG);
  opened.push(engine);
  return engine;
}

describe("without a model that is named", () => {
  it.each<[string, NativeDevice["type"] | null, EngineChoice["gpuId"], string]>([
    ["a discrete GPU that was chosen", "discrete", "auto", "bd2x on 0"],
    ["a discrete GPU that was named", "discrete", 0, "bd2x on 0"],
    ["an integrated GPU that was chosen", "integrated", "auto", "bd2x-fast on 0"],
    ["an integrated GPU that was named", "integrated", 0, "bd2x-fast on 0"],
    ["a virtual GPU", "virtual", 0, "bd2x-fast on 0"],
    ["a GPU in software", "software", 0, "bd2x-fast on 0"],
    ["the CPU beside a discrete GPU", "discrete", CPU_INDEX, "bd2x-fast on -1"],
    ["the CPU where there is a GPU in software only", "software", "auto", "bd2x-fast on -1"],
    ["the CPU where there is nothing else", null, "auto", "bd2x-fast on -1"],
  ])("%s gets its default", async (_, type, gpuId, expected) => {
    const loads = pretendDevice(addon, type && fakeDevice(type));
    const engine = await open({ gpuId });
    expect(loads).toEqual([expected]);
    expect(`${engine.model} on ${engine.device.index}`).toBe(expected);
  });

  it("the CPU that takes the place of a GPU gets the default of CPUs", async () => {
    const loads = pretendDevice(addon, fakeDevice("discrete"), "cannot load");
    expect((await open({ gpuId: "auto" })).model).toBe("bd2x-fast");
    expect(loads).toEqual(["bd2x on 0", "bd2x-fast on -1"]);
  });

  it("a GPU that was named has nothing in its place, nor another model", async () => {
    const loads = pretendDevice(addon, fakeDevice("discrete"), "cannot load");
    await expect(open({ gpuId: 0 })).rejects.toMatchObject({
      code: "gpu_init_failed",
      message: expect.stringContaining("cannot load model bd2x on a discrete device: its driver refuses"),
    });
    expect(loads).toEqual(["bd2x on 0"]);
  });

  it("a page that goes to the CPU alone is made with the GPU's model", async () => {
    const loads = pretendDevice(addon, fakeDevice("discrete"), "has no memory");
    const engine = await open({ gpuId: "auto" });
    expect(loads).toEqual(["bd2x on 0"]);
    const { warnings } = await engine.upscale(paintScreentone(40, 30), { tile: 64, signal: never });
    expect(warnings).toEqual([expect.stringMatching(/^cpu_fallback: .* of a discrete device, computed on /)]);
    expect(loads).toEqual(["bd2x on 0", "bd2x on -1"]);
  });
});

describe("a model that is named", () => {
  it.each<[string, NativeDevice["type"] | null, EngineChoice["gpuId"], string]>([
    ["bd2x-fast", "discrete", "auto", "bd2x-fast on 0"],
    ["bd2x-fast", "discrete", 0, "bd2x-fast on 0"],
    ["bd2x", "integrated", "auto", "bd2x on 0"],
    ["bd2x", "discrete", CPU_INDEX, "bd2x on -1"],
    ["bd2x", null, "auto", "bd2x on -1"],
  ])("%s is loaded on whatever device: %s, %s", async (model, type, gpuId, expected) => {
    const loads = pretendDevice(addon, type && fakeDevice(type));
    await open({ model, gpuId });
    expect(loads).toEqual([expected]);
  });

  it("is kept on the CPU that takes the place of a GPU", async () => {
    const loads = pretendDevice(addon, fakeDevice("discrete"), "cannot load");
    await open({ model: "bd2x", gpuId: "auto" });
    expect(loads).toEqual(["bd2x on 0", "bd2x on -1"]);
  });
});
