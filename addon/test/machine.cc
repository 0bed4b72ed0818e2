#include "machine.h"

#include "../gpu_instance.h"
#include "check.h"

namespace bdreader::test {

namespace {
bool isVulkanLeftOut = false;
}

void leaveVulkanOut() {
    isVulkanLeftOut = true;
}

int vulkanDevice() {
    if (isVulkanLeftOut) throw Skipped("Vulkan is left out");
    if (openGpuInstance() < 1) throw Skipped("there is no Vulkan device");
    return 0;
}

}  // namespace bdreader::test
