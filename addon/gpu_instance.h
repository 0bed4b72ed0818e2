#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bdreader {

/** What a Vulkan device is and can do. */
struct DeviceInfo {
    int index = 0;
    std::string name;
    /** "discrete", "integrated", "virtual" or "software". */
    std::string type;
    std::string driver;
    /** Size of the largest heap that is local to the device. */
    uint32_t memoryMb = 0;
    bool fp16Storage = false;
    bool fp16Arithmetic = false;
    bool int8Storage = false;
    bool cooperativeMatrix = false;
};

/**
 * Opens the Vulkan loader once for the process.
 *
 * @return the number of devices, 0 without a loader or a driver
 */
int openGpuInstance();

/**
 * Opens the Vulkan loader and looks at every device. Needs no loader to be there: without one, or without a
 * driver, the list is empty. Any thread may call it; the first call takes the longest.
 */
std::vector<DeviceInfo> listDevices();

}  // namespace bdreader
