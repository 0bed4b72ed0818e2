import { loadNcnnAddon } from "./native.js";
import { selectDevice } from "./select-device.js";

/**
 * Lets the driver open the device that will be chosen, which takes most of a start, while the rest of the program is
 * being loaded. Whatever goes wrong will be met again, and told, when the device is used.
 *
 * @param gpuId as `--gpu-id`
 */
export function warmUp(gpuId: number | "auto"): void {
  void openDevice(gpuId).catch(() => undefined);
}

async function openDevice(gpuId: number | "auto"): Promise<void> {
  if (typeof gpuId === "number" && gpuId < 0) return;
  const addon = loadNcnnAddon();
  const device = selectDevice(await addon.listDevices(), gpuId);
  if (device.backend === "vulkan") await addon.openDevice(device.index);
}
