import { join } from "node:path";
import { loadNcnnAddon, type NativeDevice } from "../../src/engine/native.js";
import { type EngineOptions, NcnnEngine } from "../../src/engine/ncnn-engine.js";
import { selectDevice } from "../../src/engine/select-device.js";
import { ModelCatalogue, type ResolvedModel } from "../../src/models/catalogue.js";
import { PACKAGE_ROOT } from "../../src/package-root.js";

export const addon = loadNcnnAddon();

/** Every Vulkan device; none where no driver is installed. */
export const vulkanDevices: readonly NativeDevice[] = await addon.listDevices();

/** Published art and models for compatibility tests; they are not part of the project and need not be there. */
export const SHARED_FOLDER = join(PACKAGE_ROOT, "..", "shared");

export const never = new AbortController().signal;

/** @param name null for the default of machines without a discrete GPU, the smallest */
export async function shippedModel(name: string | null = null): Promise<ResolvedModel> {
  return (await ModelCatalogue.open(join(PACKAGE_ROOT, "models"))).resolve(name);
}

/** Engine options, with the arithmetic by its two parts that results depend on most. */
export type TestEngineOptions = Partial<EngineOptions> & {
  readonly precision?: "fp32" | "fp16";
  readonly winograd?: boolean;
  readonly directConvolution?: boolean;
};

export function loadEngine(
  model: ResolvedModel,
  deviceIndex: number,
  { precision = "fp32", winograd = true, directConvolution = true, ...options }: TestEngineOptions = {},
): Promise<NcnnEngine> {
  const fp16Storage = precision === "fp16";
  return NcnnEngine.load(addon, model, selectDevice(vulkanDevices, deviceIndex), {
    arithmetic: {
      fp16Storage,
      fp16Arithmetic: false,
      winograd,
      directConvolution,
      cooperativeMatrix: true,
      fusedConvolution: "off",
    },
    ...{ threads: 2, tileSize: 0, maxMemoryMb: 0, duty: 1, pipelineCachePath: "" },
    ...options,
  });
}
