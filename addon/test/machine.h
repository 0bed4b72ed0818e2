#pragma once

namespace bdreader::test {

/** Makes every case that needs a Vulkan device skip itself. */
void leaveVulkanOut();

/** @return index of the first Vulkan device; throws Skipped without one */
int vulkanDevice();

}  // namespace bdreader::test
