import { join } from "node:path";
import { loadNcnnAddon, type NativeAddon } from "../engine/native.js";
import { NcnnEngine } from "../engine/ncnn-engine.js";
import { CPU_INDEX, cpuDevice, selectDevice } from "../engine/select-device.js";
import { FatalError, messageOf, UpscalerError } from "../errors.js";
import type { Log } from "../log.js";
import { ModelCatalogue, type ResolvedModel } from "../models/catalogue.js";
import { ModelError } from "../models/model-error.js";
import { PACKAGE_ROOT } from "../package-root.js";
import type { EngineChoice } from "./engine-options.js";

export const MODELS_FOLDER = join(PACKAGE_ROOT, "models");

async function resolveModel(nameOrPath: string | null): Promise<ResolvedModel> {
  try {
    const catalogue = await ModelCatalogue.open(MODELS_FOLDER);
    return await (nameOrPath === null ? catalogue.resolve(null) : catalogue.resolveNameOrPath(nameOrPath));
  } catch (thrown) {
    const isAboutModel = thrown instanceof ModelError || thrown instanceof UpscalerError;
    throw new FatalError(isAboutModel ? "gpu_init_failed" : "internal_fatal", messageOf(thrown), {
      cause: thrown,
    });
  }
}

async function loadOnDevice(
  addon: NativeAddon,
  model: ResolvedModel,
  choice: EngineChoice,
  log: Log,
): Promise<NcnnEngine> {
  const devices = choice.gpuId === CPU_INDEX ? [] : await addon.listDevices();
  const device = selectDevice(devices, choice.gpuId);
  try {
    return await NcnnEngine.load(addon, model, device, choice);
  } catch (thrown) {
    // A device that was asked for by its number is obeyed or refused, never replaced in silence.
    if (choice.gpuId !== "auto" || device.backend === "cpu") throw thrown;
    log.warn("the GPU cannot run the model, using the CPU", { gpu: device.name, reason: messageOf(thrown) });
    return NcnnEngine.load(addon, model, cpuDevice(), choice);
  }
}

/**
 * Finds the model, chooses the device and loads the one onto the other.
 *
 * @throws {FatalError} gpu_init_failed: no such device, or a model that cannot be loaded; internal_fatal: not built
 */
export async function openEngine(choice: EngineChoice, log: Log): Promise<NcnnEngine> {
  const addon = loadNcnnAddon();
  const started = performance.now();
  const model = await resolveModel(choice.model);
  const engine = await loadOnDevice(addon, model, choice, log);
  log.info("model loaded", {
    model: engine.model,
    device: engine.device.name,
    backend: engine.device.backend,
    precision: engine.precision,
    ms: Math.round(performance.now() - started),
  });
  return engine;
}
