#pragma once

#include <ncnn/gpu.h>

#include <cstdint>

namespace bdreader {

/**
 * Leaves a few queues of each family, and copying to the family that ncnn chooses to compute with, so that it
 * opens no other one beside it.
 *
 * @param families of a device, changed in place
 */
void showFewQueues(VkQueueFamilyProperties* families, uint32_t count);

/**
 * Where ncnn finds a Vulkan library whose devices show few queues: ncnn opens all that it is shown, each may
 * take the driver 20 to 30 ms (docs/performance.md), and an engine uses one for each of its lanes.
 *
 * @return path for ncnn's create_gpu_instance; nullptr where it has to search by itself
 */
const char* vulkanEntryPath();

}  // namespace bdreader
