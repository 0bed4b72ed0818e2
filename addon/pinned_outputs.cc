#include "pinned_outputs.h"

namespace bdreader {

namespace {

/** Beyond this images are copied into memory of JavaScript's own: pinned memory cannot be swapped out. */
constexpr size_t kMostBytes = size_t{768} << 20;

/** Blocks that none of so many images was put into are given back. */
constexpr int kImagesBetweenTrims = 32;

}  // namespace

PinnedOutputs::PinnedOutputs(const ncnn::VulkanDevice* device)
    : budget_(kMostBytes), pool_(device, budget_, TensorPool::Kind::kHost) {}

uint8_t* PinnedOutputs::allocate(size_t bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ncnn::VkBufferMemory* memory = pool_.fastMalloc(bytes);
    if (!memory) return nullptr;
    auto* data = static_cast<uint8_t*>(memory->mapped_ptr) + memory->offset;
    inUse_[data] = memory;
    return data;
}

void PinnedOutputs::release(uint8_t* data) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto used = inUse_.find(data);
    if (used == inUse_.end()) return;
    pool_.fastFree(used->second);
    inUse_.erase(used);
    if (++releases_ % kImagesBetweenTrims == 0) pool_.trim();
}

ncnn::VkBufferMemory* PinnedOutputs::find(const uint8_t* data) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto used = inUse_.find(data);
    return used == inUse_.end() ? nullptr : used->second;
}

}  // namespace bdreader
