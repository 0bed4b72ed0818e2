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

export async function shippedModel(): Promise<ResolvedModel> {
  return (await ModelCatalogue.open(join(PACKAGE_ROOT, "models"))).resolve(null);
}

const DEFAULTS: EngineOptions = { precision: "fp32", threads: 2, winograd: true, tileSize: 0 };

export function loadEngine(
  model: ResolvedModel,
  deviceIndex: number,
  options: Partial<EngineOptions> = {},
): Promise<NcnnEngine> {
  return NcnnEngine.load(addon, model, selectDevice(vulkanDevices, deviceIndex), { ...DEFAULTS, ...options });
}
