#include "gpu_instance.h"

#include <ncnn/gpu.h>

#include <algorithm>

#include "exit_guard.h"
#include "stderr_filter.h"

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

uint32_t localMemoryMb(const ncnn::GpuInfo& info) {
    const VkPhysicalDeviceMemoryProperties& memory = info.physicalDeviceMemoryProperties();
    VkDeviceSize largest = 0;
    for (uint32_t i = 0; i < memory.memoryHeapCount; i++) {
        const VkMemoryHeap& heap = memory.memoryHeaps[i];
        if (heap.flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) largest = std::max(largest, heap.size);
    }
    return static_cast<uint32_t>(largest >> 20);
}

DeviceInfo describe(int index) {
    const ncnn::GpuInfo& info = ncnn::get_gpu_info(index);
    DeviceInfo device;
    device.index = index;
    device.name = info.device_name();
    device.type = typeName(info.type());
    device.driver = info.driver_name();
    device.memoryMb = localMemoryMb(info);
    device.fp16Storage = info.support_fp16_storage();
    device.fp16Arithmetic = info.support_fp16_arithmetic();
    device.int8Storage = info.support_int8_storage();
    device.cooperativeMatrix = info.support_cooperative_matrix();
    return device;
}

}  // namespace

int openGpuInstance() {
    static const int status = [] {
        const StderrFilter filter;
        return ncnn::create_gpu_instance();
    }();
    armExitHandler(true);
    return status == 0 ? ncnn::get_gpu_count() : 0;
}

std::vector<DeviceInfo> listDevices() {
    std::vector<DeviceInfo> devices;
    const int count = openGpuInstance();
    for (int i = 0; i < count; i++) devices.push_back(describe(i));
    return devices;
}

}  // namespace bdreader
