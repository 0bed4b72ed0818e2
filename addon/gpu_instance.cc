#include "gpu_instance.h"

#include <ncnn/gpu.h>

#include <algorithm>

#include "exit_guard.h"
#include "fused_convolution.h"
#include "stderr_filter.h"
#include "vulkan_entry.h"

namespace bdreader {

namespace {

const char* typeName(int type) {
    switch (type) {
        case 0:
            return "discrete";
        case 1:
            return "integrated";
        case 2:
            return "virtual";
        default:
            return "software";
    }
}

/** @return index of the largest heap that is local to the device */
uint32_t localHeap(const VkPhysicalDeviceMemoryProperties& memory) {
    uint32_t best = 0;
    VkDeviceSize largest = 0;
    for (uint32_t i = 0; i < memory.memoryHeapCount; i++) {
        const VkMemoryHeap& heap = memory.memoryHeaps[i];
        if (!(heap.flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) || heap.size <= largest) continue;
        best = i;
        largest = heap.size;
    }
    return best;
}

std::string hexadecimal(const uint8_t* bytes, size_t count) {
    constexpr const char* kDigits = "0123456789abcdef";
    std::string text;
    for (size_t i = 0; i < count; i++) {
        text += kDigits[bytes[i] >> 4];
        text += kDigits[bytes[i] & 15];
    }
    return text;
}

DeviceInfo describe(int index) {
    const ncnn::GpuInfo& info = ncnn::get_gpu_info(index);
    DeviceInfo device;
    device.index = index;
    device.name = info.device_name();
    device.type = typeName(info.type());
    device.driver = info.driver_name();
    device.driverVersion = std::to_string(info.driver_version());
    device.uuid = hexadecimal(info.pipeline_cache_uuid(), VK_UUID_SIZE);
    const VkPhysicalDeviceMemoryProperties& memory = info.physicalDeviceMemoryProperties();
    device.memoryMb = static_cast<uint32_t>(memory.memoryHeaps[localHeap(memory)].size >> 20);
    device.fp16Storage = info.support_fp16_storage();
    device.fp16Arithmetic = info.support_fp16_arithmetic();
    device.int8Storage = info.support_int8_storage();
    device.cooperativeMatrix = info.support_cooperative_matrix();
    device.fusedConvolution = canFuseConvolutions(info, FusedConvolution::kCooperative);
    return device;
}

}  // namespace

int openGpuInstance() {
    static const int status = [] {
        const StderrFilter filter;
        return ncnn::create_gpu_instance(vulkanEntryPath());
    }();
    armExitHandler(true);
    return status == 0 ? ncnn::get_gpu_count() : 0;
}

int preferredDevice(const std::vector<DeviceInfo>& devices) {
    for (const char* type : {"discrete", "integrated", "virtual"}) {
        for (size_t i = 0; i < devices.size(); i++) {
            if (devices[i].type == type) return static_cast<int>(i);
        }
    }
    return -1;
}

std::vector<DeviceInfo> listDevices() {
    std::vector<DeviceInfo> devices;
    const int count = openGpuInstance();
    for (int i = 0; i < count; i++) devices.push_back(describe(i));
    const int preferred = preferredDevice(devices);
    if (preferred >= 0) devices[static_cast<size_t>(preferred)].preferred = true;
    return devices;
}

const ncnn::VulkanDevice* openDevice(int index) {
    if (index < 0 || index >= openGpuInstance()) return nullptr;
    const ncnn::VulkanDevice* device = ncnn::get_gpu_device(index);
    return device && device->is_valid() ? device : nullptr;
}

const ncnn::VulkanDevice* openPreferredDevice() {
    return openDevice(preferredDevice(listDevices()));
}

HeapUse heapUse(const ncnn::VulkanDevice& device) {
    const ncnn::GpuInfo& info = device.info;
    HeapUse use;
    use.budgetBytes = static_cast<size_t>(device.get_heap_budget()) << 20;
    if (!info.support_VK_EXT_memory_budget()) return use;
    VkPhysicalDeviceMemoryBudgetPropertiesEXT budget{};
    budget.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT;
    VkPhysicalDeviceMemoryProperties2KHR properties{};
    properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2_KHR;
    properties.pNext = &budget;
    ncnn::vkGetPhysicalDeviceMemoryProperties2KHR(info.physicalDevice(), &properties);
    const uint32_t heap = localHeap(info.physicalDeviceMemoryProperties());
    use.budgetBytes = budget.heapBudget[heap];
    use.usedBytes = budget.heapUsage[heap];
    return use;
}

}  // namespace bdreader
