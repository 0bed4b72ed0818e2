import { availableParallelism, cpus, totalmem } from "node:os";
import { FatalError } from "../errors.js";
import type { ArithmeticAbilities } from "./arithmetic.js";
import type { EngineDevice } from "./engine.js";
import { loadNcnnAddon, type NativeDevice } from "./native.js";

/** `--gpu-id` of the CPU. */
export const CPU_INDEX = -1;

/** A device with what the choice of arithmetic and lanes depends on. */
export interface SelectedDevice extends EngineDevice, ArithmeticAbilities {
  /** See NativeDevice; both empty for the CPU. */
  readonly uuid: string;
  readonly driverVersion: string;
}

/**
 * @returns the CPU as a device
 * @throws {FatalError} internal_fatal: the addon, which knows its vectors, is not built
 */
export function cpuDevice(): SelectedDevice {
  const model = cpus()[0]?.model.trim() ?? "CPU";
  return {
    index: CPU_INDEX,
    name: `${model}, ${availableParallelism()} threads`,
    backend: "cpu",
    type: "cpu",
    memoryMb: Math.floor(totalmem() / 2 ** 20),
    uuid: "",
    driverVersion: "",
    fp16Storage: false,
    fp16Arithmetic: false,
    cooperativeMatrix: false,
    fusedConvolution: false,
    directConvolution: loadNcnnAddon().hasDirectConvolution(),
  };
}

function vulkanDevice({
  driver: _,
  int8Storage: __,
  preferred: ___,
  ...device
}: NativeDevice): SelectedDevice {
  return { ...device, backend: "vulkan", directConvolution: false };
}

/**
 * A software Vulkan device is never chosen, only obeyed.
 *
 * @param wanted a Vulkan index, CPU_INDEX, or "auto" for the preferred device, the CPU where none is
 * @throws {FatalError} gpu_init_failed when there is no device of that index
 */
export function selectDevice(devices: readonly NativeDevice[], wanted: number | "auto"): SelectedDevice {
  if (wanted === CPU_INDEX) return cpuDevice();
  if (wanted === "auto") {
    const best = devices.find(({ preferred }) => preferred);
    return best ? vulkanDevice(best) : cpuDevice();
  }
  const device = devices.find(({ index }) => index === wanted);
  if (device) return vulkanDevice(device);
  const known = devices.map(({ index, name }) => `${index} (${name})`).join(", ") || "none";
  throw new FatalError(
    "gpu_init_failed",
    `expected --gpu-id to name a Vulkan device, received ${wanted}; devices: ${known}; --gpu-id -1 uses the CPU, --gpu-id auto chooses`,
  );
}
