#include "device_memory.h"

#include <algorithm>
#include <numeric>

namespace bdreader {

namespace {

/** Small tensors share blocks of this size. */
constexpr size_t kSmallestBlock = size_t{4} << 20;

size_t roundUpTo(size_t value, size_t step) {
    return (value + step - 1) / step * step;
}

/** Pages of nearly the same size get blocks of the same size, which then serve both. Wastes at most an
 * eighth. */
size_t blockSizeFor(size_t size) {
    size_t step = kSmallestBlock;
    while (step * 16 <= size) step *= 2;
    return roundUpTo(std::max(size, kSmallestBlock), step);
}

}  // namespace

bool MemoryBudget::take(size_t bytes) {
    size_t held = held_.load();
    do {
        if (cap_ != 0 && (bytes > cap_ || held > cap_ - bytes)) return false;
    } while (!held_.compare_exchange_weak(held, held + bytes));
    size_t peak = peak_.load();
    while (held + bytes > peak && !peak_.compare_exchange_weak(peak, held + bytes)) {
    }
    return true;
}

void MemoryBudget::give(size_t bytes) {
    held_ -= bytes;
}

TensorPool::TensorPool(const ncnn::VulkanDevice* device, MemoryBudget& budget, Kind kind)
    : ncnn::VkAllocator(device), budget_(budget), kind_(kind) {
    const ncnn::GpuInfo& info = device->info;
    alignment_ = std::lcm(info.buffer_offset_alignment(), info.non_coherent_atom_size());
    alignment_ = std::lcm(alignment_, size_t{16});
    // ncnn asks this before the first allocation: a download out of memory that it takes for unmapped is
    // staged again.
    mappable = kind == Kind::kHost;
    coherent = true;
    cached = kind == Kind::kHost;
}

TensorPool::~TensorPool() {
    TensorPool::clear();
}

void TensorPool::clear() {
    for (Block& block : blocks_) destroy(block);
    blocks_.clear();
}

void TensorPool::trim() {
    freeUntouched();
    for (Block& block : blocks_) block.isTouched = false;
}

ncnn::VkBufferMemory* TensorPool::fastMalloc(size_t size) {
    const size_t aligned = roundUpTo(size, alignment_);
    // A longer tensor could be allocated on many devices, but a shader would see the first part of it only.
    if (aligned > vkdev->info.physicalDeviceProperties().limits.maxStorageBufferRange) return nullptr;
    Block* best = nullptr;
    size_t bestOffset = 0;
    size_t bestLength = 0;
    for (Block& block : blocks_) {
        for (const auto& [offset, length] : block.free) {
            if (length < aligned || (best && length >= bestLength)) continue;
            best = &block;
            bestOffset = offset;
            bestLength = length;
        }
    }
    if (!best) best = addBlock(aligned);
    return best ? carve(*best, bestOffset, aligned) : nullptr;
}

ncnn::VkBufferMemory* TensorPool::carve(Block& block, size_t offset, size_t size) {
    const auto range = block.free.find(offset);
    const size_t left = range->second - size;
    block.free.erase(range);
    if (left > 0) block.free[offset + size] = left;
    auto* memory = new ncnn::VkBufferMemory;
    memory->buffer = block.buffer;
    memory->offset = offset;
    memory->capacity = size;
    memory->memory = block.memory;
    memory->mapped_ptr = block.mapped;
    memory->memory_type_index = buffer_memory_type_index;
    // What is recorded next must wait for whatever used this memory before, as far as this command goes.
    memory->access_flags = block.isTouched ? VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT : 0;
    memory->stage_flags =
        block.isTouched ? VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT : VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT;
    block.isTouched = true;
    return memory;
}

void TensorPool::fastFree(ncnn::VkBufferMemory* memory) {
    const auto block = std::find_if(blocks_.begin(), blocks_.end(),
                                    [memory](const Block& each) { return each.buffer == memory->buffer; });
    if (block != blocks_.end()) {
        auto range = block->free.emplace(memory->offset, memory->capacity).first;
        const auto next = std::next(range);
        if (next != block->free.end() && range->first + range->second == next->first) {
            range->second += next->second;
            block->free.erase(next);
        }
        if (range != block->free.begin()) {
            const auto previous = std::prev(range);
            if (previous->first + previous->second == range->first) {
                previous->second += range->second;
                block->free.erase(range);
            }
        }
    }
    delete memory;
}

ncnn::VkImageMemory* TensorPool::fastMalloc(int, int, int, size_t, int) {
    return nullptr;
}

void TensorPool::fastFree(ncnn::VkImageMemory*) {}

TensorPool::Block* TensorPool::addBlock(size_t size) {
    Block block;
    block.size = blockSizeFor(size);
    if (!budget_.take(block.size)) {
        // Blocks of other sizes, which this tile has not used, may be what stands in the way.
        freeUntouched();
        block.size = size;
        if (!budget_.take(block.size)) return nullptr;
    }
    if (!bind(block)) {
        const bool isFreed = freeUntouched() > 0;
        if (!isFreed || !bind(block)) {
            budget_.give(block.size);
            return nullptr;
        }
    }
    block.free[0] = block.size;
    blocks_.push_back(std::move(block));
    return &blocks_.back();
}

bool TensorPool::bind(Block& block) {
    constexpr VkBufferUsageFlags kUsage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT |
                                          VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT;
    block.buffer = create_buffer(block.size, kUsage);
    if (!block.buffer) return false;
    VkMemoryRequirements needs;
    ncnn::vkGetBufferMemoryRequirements(vkdev->vkdevice(), block.buffer, &needs);
    if (buffer_memory_type_index == static_cast<uint32_t>(-1)) selectMemoryType(needs.memoryTypeBits);
    block.memory = allocate_memory(needs.size, buffer_memory_type_index);
    const bool isBound = block.memory && ncnn::vkBindBufferMemory(vkdev->vkdevice(), block.buffer,
                                                                  block.memory, 0) == VK_SUCCESS;
    const bool isReady =
        isBound && (!mappable || ncnn::vkMapMemory(vkdev->vkdevice(), block.memory, 0, VK_WHOLE_SIZE, 0,
                                                   &block.mapped) == VK_SUCCESS);
    if (isReady) return true;
    ncnn::vkDestroyBuffer(vkdev->vkdevice(), block.buffer, nullptr);
    if (block.memory) ncnn::vkFreeMemory(vkdev->vkdevice(), block.memory, nullptr);
    block.buffer = nullptr;
    block.memory = nullptr;
    block.mapped = nullptr;
    return false;
}

void TensorPool::selectMemoryType(uint32_t allowedTypes) {
    if (kind_ == Kind::kHost) {
        buffer_memory_type_index = vkdev->find_memory_index(
            allowedTypes, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
            VK_MEMORY_PROPERTY_HOST_CACHED_BIT, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
        cached = vkdev->is_cached(buffer_memory_type_index);
        return;
    }
    buffer_memory_type_index = vkdev->find_memory_index(allowedTypes, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0,
                                                        VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT);
}

void TensorPool::destroy(Block& block) {
    if (block.mapped) ncnn::vkUnmapMemory(vkdev->vkdevice(), block.memory);
    ncnn::vkDestroyBuffer(vkdev->vkdevice(), block.buffer, nullptr);
    ncnn::vkFreeMemory(vkdev->vkdevice(), block.memory, nullptr);
    budget_.give(block.size);
}

size_t TensorPool::freeUntouched() {
    size_t freed = 0;
    for (auto block = blocks_.begin(); block != blocks_.end();) {
        const bool isWhole = block->free.size() == 1 && block->free.begin()->second == block->size;
        if (!isWhole || block->isTouched) {
            ++block;
            continue;
        }
        freed += block->size;
        destroy(*block);
        block = blocks_.erase(block);
    }
    return freed;
}

}  // namespace bdreader
