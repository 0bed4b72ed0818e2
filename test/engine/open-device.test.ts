import { describe, expect, it } from "vitest";
import { addon, loadEngine, shippedModel, vulkanDevices } from "../support/engines.js";

describe("openDevice", () => {
  it.each([[99], [-1], ["auto"] as const])(
    "leaves what there is not for %j to be met by load",
    async (device) => {
      await expect(addon.openDevice(device)).resolves.toBeUndefined();
    },
  );

  it.each([["0"], [null], [undefined]])("refuses %j", (device) => {
    expect(() => addon.openDevice(device as unknown as number)).toThrow(/a number or 'auto' for device/);
  });

  it.runIf(vulkanDevices.length > 0)("serves everybody who opens a device meanwhile", async () => {
    const opening = [addon.openDevice(0), addon.openDevice(0)];
    const engine = await loadEngine(await shippedModel(), 0);
    await Promise.all(opening);
    expect(engine.device.index).toBe(0);
    await engine.close();
  });
});
