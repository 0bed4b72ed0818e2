import { resolveModel } from "../commands/open-engine.js";
import { fp32Arithmetic } from "../engine/arithmetic.js";
import type { Engine } from "../engine/engine.js";
import { loadNcnnAddon } from "../engine/native.js";
import { NcnnEngine } from "../engine/ncnn-engine.js";
import { selectDevice } from "../engine/select-device.js";

const FIRST_GPU = 0;

/**
 * The real network on the first Vulkan device, a software one included, which is lost after a while.
 *
 * @param submission number of the submission that fails as on a device that is gone
 * @throws {FatalError} gpu_init_failed where there is no Vulkan device
 */
export async function openDoomedEngine(submission: number, tileSize: number): Promise<Engine> {
  const addon = loadNcnnAddon();
  const device = selectDevice(await addon.listDevices(), FIRST_GPU);
  return NcnnEngine.load(addon, await resolveModel(null), device, {
    ...{ tileSize, threads: 1, maxMemoryMb: 0, duty: 1, pipelineCachePath: "" },
    arithmetic: fp32Arithmetic(true),
    loseDeviceAfter: submission,
  });
}
