#pragma once

#include <ncnn/allocator.h>
#include <ncnn/gpu.h>

#include <atomic>
#include <cstddef>
#include <list>
#include <map>

namespace bdreader {

/** Device memory that the tensors of one engine may take together, and what they take. Any thread may call
 * it. */
class MemoryBudget {
  public:
    /** @param capBytes 0 for no limit but the device's */
    explicit MemoryBudget(size_t capBytes) : cap_(capBytes) {}

    /** @return false, with nothing taken, when the cap would be passed */
    bool take(size_t bytes);
    void give(size_t bytes);

    size_t held() const { return held_.load(); }
    size_t peak() const { return peak_.load(); }

  private:
    const size_t cap_;
    std::atomic<size_t> held_{0};
    std::atomic<size_t> peak_{0};
};

/**
 * The memory of one lane's tensors, kept from tile to tile. One thread at a time may use it.
 *
 * ncnn's own allocator keeps every block until it is cleared and tells nobody how much that is; this one
 * counts against a budget and lets go of what a tile did not need.
 */
class TensorPool final : public ncnn::VkAllocator {
  public:
    enum class Kind {
        /** Where shaders are fastest. */
        kDevice,
        /** Mapped, cached and coherent: the CPU reads and writes it, shaders reach it over the bus. */
        kHost
    };

    TensorPool(const ncnn::VulkanDevice* device, MemoryBudget& budget, Kind kind);
    ~TensorPool() override;

    TensorPool(const TensorPool&) = delete;
    TensorPool& operator=(const TensorPool&) = delete;

    /** Gives every block back. No tensor may be alive and no command that uses one may be running. */
    void clear() override;

    /** Gives back the blocks that nothing was put into since the last call; the same conditions as for clear.
     */
    void trim();

    /** @return null when the device or the budget has no memory left */
    ncnn::VkBufferMemory* fastMalloc(size_t size) override;
    void fastFree(ncnn::VkBufferMemory* memory) override;

    /** Images are not used: always null. */
    ncnn::VkImageMemory* fastMalloc(int w, int h, int c, size_t elemsize, int elempack) override;
    void fastFree(ncnn::VkImageMemory* memory) override;

  private:
    struct Block {
        VkBuffer buffer = nullptr;
        VkDeviceMemory memory = nullptr;
        void* mapped = nullptr;
        size_t size = 0;
        /** Offset to length; neighbours are merged. */
        std::map<size_t, size_t> free;
        bool isTouched = false;
    };

    Block* addBlock(size_t size);
    bool bind(Block& block);
    void selectMemoryType(uint32_t allowedTypes);
    void destroy(Block& block);
    size_t freeUntouched();
    ncnn::VkBufferMemory* carve(Block& block, size_t offset, size_t size);

    MemoryBudget& budget_;
    const Kind kind_;
    size_t alignment_ = 1;
    std::list<Block> blocks_;
};

}  // namespace bdreader
