#include "vulkan_entry.h"

#include <algorithm>

namespace bdreader {

namespace {

/** As many as there are lanes on a GPU. */
constexpr uint32_t kQueues = 2;

bool computesOnly(const VkQueueFamilyProperties& family) {
    return (family.queueFlags & VK_QUEUE_COMPUTE_BIT) && !(family.queueFlags & VK_QUEUE_GRAPHICS_BIT);
}

}  // namespace

void showFewQueues(VkQueueFamilyProperties* families, uint32_t count) {
    const bool apart = std::any_of(families, families + count, computesOnly);
    for (VkQueueFamilyProperties* family = families; family != families + count; family++) {
        family->queueCount = std::min(family->queueCount, kQueues);
        const bool computes =
            apart ? computesOnly(*family) : (family->queueFlags & VK_QUEUE_COMPUTE_BIT) != 0;
        if (!computes) family->queueFlags &= ~static_cast<VkQueueFlags>(VK_QUEUE_TRANSFER_BIT);
    }
}

}  // namespace bdreader

#if defined(__linux__)

#include <dlfcn.h>

#include <cstdlib>
#include <cstring>

namespace {

PFN_vkGetInstanceProcAddr findAddress = nullptr;
PFN_vkGetPhysicalDeviceQueueFamilyProperties readQueueFamilies = nullptr;

void VKAPI_CALL readFewQueues(VkPhysicalDevice device, uint32_t* count, VkQueueFamilyProperties* families) {
    readQueueFamilies(device, count, families);
    if (families) bdreader::showFewQueues(families, *count);
}

/** @return whether the user names a driver by one of the variables that ncnn reads, which then is the one to
 * take */
bool driverIsNamed() {
    for (const char* name : {"VK_ICD_FILENAMES", "VK_DRIVER_FILES", "NCNN_VULKAN_DRIVER"}) {
        if (std::getenv(name)) return true;
    }
    return false;
}

bool openLoader() {
    for (const char* name : {"libvulkan.so.1", "libvulkan.so"}) {
        void* library = dlopen(name, RTLD_LOCAL | RTLD_NOW);
        if (!library) continue;
        findAddress = reinterpret_cast<PFN_vkGetInstanceProcAddr>(dlsym(library, "vkGetInstanceProcAddr"));
        if (findAddress) return true;
    }
    return false;
}

}  // namespace

/** What ncnn looks for in the file that it is given: the loader's own function, but for the count of queues.
 */
extern "C" __attribute__((visibility("default"))) PFN_vkVoidFunction VKAPI_CALL
vkGetInstanceProcAddr(VkInstance instance, const char* name) {
    if (!findAddress) return nullptr;
    const PFN_vkVoidFunction found = findAddress(instance, name);
    if (!found || std::strcmp(name, "vkGetPhysicalDeviceQueueFamilyProperties") != 0) return found;
    readQueueFamilies = reinterpret_cast<PFN_vkGetPhysicalDeviceQueueFamilyProperties>(found);
    return reinterpret_cast<PFN_vkVoidFunction>(readFewQueues);
}

namespace bdreader {

const char* vulkanEntryPath() {
    Dl_info file;
    if (driverIsNamed() || !openLoader()) return nullptr;
    return dladdr(reinterpret_cast<void*>(&vkGetInstanceProcAddr), &file) ? file.dli_fname : nullptr;
}

}  // namespace bdreader

#else

namespace bdreader {

const char* vulkanEntryPath() {
    return nullptr;
}

}  // namespace bdreader

#endif
