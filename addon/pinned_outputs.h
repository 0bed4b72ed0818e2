#pragma once

#include <ncnn/gpu.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "device_memory.h"

namespace bdreader {

/**
 * Memory for upscaled images that a GPU writes itself and JavaScript reads: without it each image would be
 * copied once more, into fresh memory, which takes several times as long as the network. Any thread may call
 * it.
 */
class PinnedOutputs {
  public:
    explicit PinnedOutputs(const ncnn::VulkanDevice* device);

    PinnedOutputs(const PinnedOutputs&) = delete;
    PinnedOutputs& operator=(const PinnedOutputs&) = delete;

    /** @return null when enough images are kept already, or the system has no memory to pin */
    uint8_t* allocate(size_t bytes);

    /** Lets others have the memory. Nothing may be writing to it. */
    void release(uint8_t* data);

    /** @return what the device knows the memory as; null for memory of other origin */
    ncnn::VkBufferMemory* find(const uint8_t* data) const;

  private:
    mutable std::mutex mutex_;
    MemoryBudget budget_;
    TensorPool pool_;
    std::map<const uint8_t*, ncnn::VkBufferMemory*> inUse_;
    int releases_ = 0;
};

}  // namespace bdreader
