#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ncnn {
class VulkanDevice;
}

namespace bdreader {

/** What a Vulkan device is and can do. */
struct DeviceInfo {
    int index = 0;
    std::string name;
    /** "discrete", "integrated", "virtual" or "software". */
    std::string type;
    std::string driver;
    /** As the driver numbers its releases; changes with every one. */
    std::string driverVersion;
    /** Hexadecimal; differs between devices, and between drivers whose compiled shaders do not fit each
     * other. */
    std::string uuid;
    /** Size of the largest heap that is local to the device. */
    uint32_t memoryMb = 0;
    bool fp16Storage = false;
    bool fp16Arithmetic = false;
    bool int8Storage = false;
    bool cooperativeMatrix = false;
    /** FusedConvolution::kCooperative runs here. */
    bool fusedConvolution = false;
    /** The one that is taken where none is named; none of them where the CPU is better. */
    bool preferred = false;
};

/**
 * Opens the Vulkan loader once for the process.
 *
 * @return the number of devices, 0 without a loader or a driver
 */
int openGpuInstance();

/**
 * A discrete GPU before an integrated or a virtual one, the first of two alike. Never software: the CPU path
 * is far faster.
 *
 * @return its place in the list; -1 where the CPU is better than all of them
 */
int preferredDevice(const std::vector<DeviceInfo>& devices);

/**
 * Opens the Vulkan loader and looks at every device. Needs no loader to be there: without one, or without a
 * driver, the list is empty. Any thread may call it; the first call takes the longest.
 */
std::vector<DeviceInfo> listDevices();

/**
 * Makes the driver ready for a device, once for the process.
 *
 * @return null when there is no such device, or the driver refuses it
 */
const ncnn::VulkanDevice* openDevice(int index);

/** As openDevice for the preferred device; null when there is none. */
const ncnn::VulkanDevice* openPreferredDevice();

/** The heap that tensors are put into. */
struct HeapUse {
    /** What the driver says this process may take in all; an estimate where it does not tell. */
    size_t budgetBytes = 0;
    /** What this process takes now; 0 where the driver does not tell. */
    size_t usedBytes = 0;
};

HeapUse heapUse(const ncnn::VulkanDevice& device);

}  // namespace bdreader
