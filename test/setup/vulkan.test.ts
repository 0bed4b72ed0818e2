import { writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { missingVulkanParts } from "../../scripts/setup/vulkan.mjs";
import { temporaryFolder } from "./fixtures/temporary-folder.js";

const DRIVER = "a Vulkan driver (vulkan/icd.d/*.json)";

describe("the parts of a Vulkan installation", () => {
  it("are the loader and a driver that exists, where one is named", async () => {
    const folder = await temporaryFolder();
    const driver = path.join(folder, "driver.json");
    const env = { LD_LIBRARY_PATH: `:${folder}`, VK_DRIVER_FILES: driver };
    await writeFile(path.join(folder, "libvulkan.so.1"), "");
    expect(missingVulkanParts(env)).toEqual([DRIVER]);
    await writeFile(driver, "{}");
    expect(missingVulkanParts(env)).toEqual([]);
    expect(missingVulkanParts({ ...env, VK_DRIVER_FILES: `/nonexistent.json:${driver}` })).toEqual([]);
  });
});
