import { homedir } from "node:os";
import { join } from "node:path";
import type { Arithmetic } from "../engine/arithmetic.js";
import { CacheFolder, cacheRoot } from "../engine/cache-folder.js";
import { allowsCpuFallback, CpuFallbackEngine } from "../engine/cpu-fallback.js";
import type { Engine } from "../engine/engine.js";
import { engineProbe } from "../engine/engine-probe.js";
import { loadNcnnAddon, type NativeAddon } from "../engine/native.js";
import { type EngineOptions, NcnnEngine } from "../engine/ncnn-engine.js";
import { CPU_INDEX, cpuDevice, type SelectedDevice, selectDevice } from "../engine/select-device.js";
import { type SettledArithmetic, settleArithmetic } from "../engine/settle-arithmetic.js";
import { FatalError, messageOf, UpscalerError } from "../errors.js";
import type { Log } from "../log.js";
import { ModelCatalogue, type ResolvedModel } from "../models/catalogue.js";
import { ModelError } from "../models/model-error.js";
import { ANY_MODEL, type ModelChoice } from "../models/model-selection.js";
import { PACKAGE_ROOT } from "../package-root.js";
import { PROGRAM_VERSION } from "../version.js";
import type { EngineChoice } from "./engine-options.js";

export const MODELS_FOLDER = join(PACKAGE_ROOT, "models");

/**
 * @param nameOrPath null for the default model
 * @param deviceType what the model is for: a discrete GPU has a default of its own
 * @throws {FatalError} gpu_init_failed: no such model, or one that is damaged
 */
export async function resolveModel(
  nameOrPath: string | null,
  choice: ModelChoice = ANY_MODEL,
  deviceType: SelectedDevice["type"] = "cpu",
): Promise<ResolvedModel> {
  try {
    const catalogue = await ModelCatalogue.open(MODELS_FOLDER);
    const preset = deviceType === "discrete" ? catalogue.gpuDefaultName : catalogue.defaultName;
    return await catalogue.resolveNameOrPath(nameOrPath ?? preset, choice);
  } catch (thrown) {
    const isAboutModel = thrown instanceof ModelError || thrown instanceof UpscalerError;
    throw new FatalError(isAboutModel ? "gpu_init_failed" : "internal_fatal", messageOf(thrown), {
      cause: thrown,
    });
  }
}

/** What loading takes, whichever device it ends up on. */
interface Loading {
  readonly addon: NativeAddon;
  readonly model: ResolvedModel;
  readonly choice: EngineChoice;
  readonly log: Log;
  /** Called when the threads of the addon have been given the model: until they are done there is time for else. */
  readonly onNativeLoad: () => void;
}

function engineOptions(
  choice: EngineChoice,
  arithmetic: Arithmetic,
  pipelineCachePath: string,
): EngineOptions {
  const { tileSize, threads, maxVram: maxMemoryMb, gpuDuty: duty } = choice;
  return { tileSize, threads, maxMemoryMb, duty, arithmetic, pipelineCachePath };
}

async function openCacheFolder(log: Log): Promise<CacheFolder | null> {
  const opened = await CacheFolder.open(cacheRoot(process.env, homedir()));
  if (opened.folder === null) log.info("nothing is kept between starts", { reason: opened.reason });
  return opened.folder;
}

type Settled = Pick<SettledArithmetic, "arithmetic" | "pipelineCachePath">;

function load(loading: Loading, device: SelectedDevice, options: EngineOptions): Promise<NcnnEngine> {
  // Runs up to the call of the addon before it returns.
  const engine = NcnnEngine.load(loading.addon, loading.model, device, options);
  loading.onNativeLoad();
  return engine;
}

async function settle(loading: Loading, device: SelectedDevice): Promise<Settled> {
  const { model, choice, log } = loading;
  return settleArithmetic({
    request: { precision: choice.precision, winograd: choice.winograd },
    device,
    key: {
      deviceUuid: device.uuid,
      driverVersion: device.driverVersion,
      modelSha256: model.sha256,
      programVersion: PROGRAM_VERSION,
    },
    folder: device.backend === "cpu" ? null : await openCacheFolder(log),
    load: async (arithmetic, pipelineCachePath) => {
      const options = engineOptions(choice, arithmetic, pipelineCachePath);
      return engineProbe(await load(loading, device, { ...options, duty: 1 }), model);
    },
    log,
    now: () => performance.now(),
  });
}

async function loadOn(loading: Loading, device: SelectedDevice): Promise<NcnnEngine> {
  const { arithmetic, pipelineCachePath } = await settle(loading, device);
  return load(loading, device, engineOptions(loading.choice, arithmetic, pipelineCachePath));
}

async function loadOnDevice(common: Omit<Loading, "model">): Promise<Engine> {
  const { addon, choice, log } = common;
  const loadingOn = async ({ type }: SelectedDevice): Promise<Loading> => ({
    ...common,
    model: await resolveModel(choice.model, choice, type),
  });
  const devices = choice.gpuId === CPU_INDEX ? [] : await addon.listDevices();
  const device = selectDevice(devices, choice.gpuId);
  const loading = await loadingOn(device);
  if (device.backend === "cpu") return loadOn(loading, device);
  try {
    const engine = await loadOn(loading, device);
    // A page that goes to the CPU alone must look like those beside it.
    const loadCpu = () => loadOn(loading, cpuDevice());
    return allowsCpuFallback(choice.gpuId, choice.cpuFallback)
      ? new CpuFallbackEngine(engine, loadCpu, log)
      : engine;
  } catch (thrown) {
    // A device that was asked for by its number is obeyed or refused, never replaced in silence.
    if (choice.gpuId !== "auto") throw thrown;
    log.warn("the GPU cannot run the model, using the CPU", { gpu: device.name, reason: messageOf(thrown) });
    const cpu = cpuDevice();
    return loadOn(await loadingOn(cpu), cpu);
  }
}

/**
 * Finds the model, chooses the device and how it computes, and loads the one onto the other.
 *
 * @param onNativeLoad called, maybe more than once, when JavaScript has nothing to do but to wait for the addon
 * @throws {FatalError} gpu_init_failed: no such device, or a model that cannot be loaded; internal_fatal: not built
 */
export async function openEngine(
  choice: EngineChoice,
  log: Log,
  onNativeLoad: () => void = () => {},
): Promise<Engine> {
  const addon = loadNcnnAddon();
  const started = performance.now();
  const engine = await loadOnDevice({ addon, choice, log, onNativeLoad });
  log.info("model loaded", {
    model: engine.model,
    device: engine.device.name,
    backend: engine.device.backend,
    precision: engine.precision,
    ms: Math.round(performance.now() - started),
  });
  return engine;
}
