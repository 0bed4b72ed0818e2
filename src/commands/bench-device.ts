import type { BenchEngine, BenchSubject, OpenBenchEngine } from "../bench/bench-subject.js";
import type { ArithmeticAbilities } from "../engine/arithmetic.js";
import { loadNcnnAddon, type NativeAddon } from "../engine/native.js";
import { NcnnEngine } from "../engine/ncnn-engine.js";
import { type SelectedDevice, selectDevice } from "../engine/select-device.js";
import type { ResolvedModel } from "../models/catalogue.js";

/** A device to measure on. */
export interface BenchDevice {
  readonly name: string;
  /** "none" for the CPU. */
  readonly driver: string;
  readonly abilities: ArithmeticAbilities;
  readonly open: OpenBenchEngine;
}

/**
 * @param gpuId Vulkan index, -1 for the CPU, "auto" for the best device
 * @throws {FatalError} gpu_init_failed: no such device; internal_fatal: the addon is not built
 */
export async function openBenchDevice(gpuId: number | "auto"): Promise<BenchDevice> {
  const addon = loadNcnnAddon();
  const devices = await addon.listDevices();
  const selected = selectDevice(devices, gpuId);
  const native = devices.find(({ index }) => index === selected.index);
  return {
    name: selected.name,
    driver: native ? `${native.driver} ${native.driverVersion}` : "none",
    abilities: selected,
    open: (model, subject) => openBenchEngine(addon, model, selected, subject),
  };
}

async function openBenchEngine(
  addon: NativeAddon,
  model: ResolvedModel,
  device: SelectedDevice,
  { arithmetic, threads }: BenchSubject,
): Promise<BenchEngine> {
  const engine = await NcnnEngine.load(addon, model, device, {
    ...{ tileSize: 0, threads, arithmetic, maxMemoryMb: 0, duty: 1 },
    // Compiling is not measured, and the driver keeps a cache of its own.
    pipelineCachePath: "",
  });
  return {
    upscale: (image, options) => engine.upscale(image, options),
    timeNetwork: (width, height, runs) => engine.timeNetwork(width, height, runs),
    peakMb: () => (device.backend === "cpu" ? null : engine.memory().peakMb),
    close: () => engine.close(),
  };
}
