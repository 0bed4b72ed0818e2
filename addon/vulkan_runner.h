#pragma once

#include <ncnn/net.h>

#include <atomic>
#include <memory>

#include "device_memory.h"
#include "network_options.h"
#include "pinned_outputs.h"
#include "runner.h"
#include "vulkan_crossing.h"

namespace bdreader {

/** What the runners of one network share. */
struct VulkanShared {
    const ncnn::Net& net;
    const NetworkOptions& options;
    const VulkanCrossing& crossing;
    MemoryBudget& deviceMemory;
    MemoryBudget& hostMemory;
    const PinnedOutputs& pinned;
    std::atomic<int>& submissions;
};

/** Runs tiles through a network on a GPU: bytes go up, shaders turn them into tensors and back, bytes come
 * down. */
class VulkanRunner final : public Runner {
  public:
    /** @param shared what it refers to must live as long as the runner */
    explicit VulkanRunner(const VulkanShared& shared);
    ~VulkanRunner() override;

    TileReport upscale(const TileTask& task, const PoolMeans& means) override;
    PoolSums sumPool(const TileTask& task, const PoolMeans& means) override;
    void releaseMemory() override;

    /**
     * Runs the network alone, with input and output staying on the device.
     *
     * @param size of the input without context, in pixels
     * @return milliseconds from recording to the end of the run
     */
    double timeNetwork(Size size);

  private:
    struct Tile;
    /** Where a tile's packed pixels arrive. */
    struct Arrival;

    template <typename Work>
    auto withTile(Work work);
    void begin(Tile& tile, const TileTask& task, const PoolMeans& means);
    ncnn::VkMat extract(Tile& tile, const std::string& blob, const char* what);
    Arrival recordArrival(Tile& tile, const TileTask& task, const ncnn::VkMat& planes);
    void submit(Tile& tile);
    void copyOut(const ncnn::VkMat& pixels, const TileTask& task) const;
    ncnn::Option optionFor(TensorPool& pool);

    const VulkanShared shared_;
    const ncnn::VulkanDevice* device_;
    TensorPool tensors_;
    TensorPool host_;
    /** Kept from tile to tile: making and destroying one takes as long as a small tile. Null after a failure.
     */
    std::unique_ptr<ncnn::VkCompute> command_;
};

}  // namespace bdreader
