import { loadNcnnAddon } from "./native.js";
import { CPU_INDEX } from "./select-device.js";

/**
 * Lets the driver open the device that will be chosen, which takes most of a start, while the rest of the program is
 * being loaded. Whatever goes wrong will be met again, and told, when the device is used.
 *
 * @param gpuId as `--gpu-id`
 */
export function warmUp(gpuId: number | "auto"): void {
  if (gpuId === CPU_INDEX) return;
  void openDevice(gpuId).catch(() => undefined);
}

async function openDevice(gpuId: number | "auto"): Promise<void> {
  await loadNcnnAddon().openDevice(gpuId);
}
