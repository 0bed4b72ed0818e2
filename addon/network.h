#pragma once

#include <ncnn/net.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "blob_statistics.h"
#include "device_memory.h"
#include "fused_convolution.h"
#include "network_options.h"
#include "own_layers_net.h"
#include "pinned_outputs.h"
#include "runner.h"
#include "shader_compiler.h"
#include "vulkan_crossing.h"

namespace bdreader {

struct VulkanShared;

/** Memory of a device in MiB; all 0 on the CPU. */
struct MemoryUse {
    /** What the driver says this process may take in all. */
    uint32_t budgetMb = 0;
    /** What this process takes now, all engines together; 0 where the driver does not tell. */
    uint32_t usedMb = 0;
    /** What the tensors of this network take now, and the most that they took. */
    uint32_t heldMb = 0;
    uint32_t peakMb = 0;
};

/** A model loaded once onto a device. Its runners must be gone before it is destroyed. Any thread may use it.
 */
class Network {
  public:
    /** @throws Failure kDeviceUnavailable, kModelInvalid, kOutOfMemory, kInternal */
    explicit Network(const NetworkOptions& options);
    ~Network();

    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;

    std::unique_ptr<Runner> createRunner();

    MemoryUse memory() const;

    /** @return memory that the device can write upscaled images into; null on the CPU */
    std::shared_ptr<PinnedOutputs> pinnedOutputs() const { return pinned_; }

    const NetworkOptions& options() const { return options_; }

    /** @return how many of its convolutions and deconvolutions run as the addon's own shader */
    int fusedConvolutions() const { return fused_ ? static_cast<int>(fused_->layers.size()) : 0; }

    /** @return how many of its convolutions run on the addon's own CPU kernels */
    int ownConvolutions() const { return net_.ownConvolutions(); }

    /**
     * Runs the network alone, input and output staying on the device.
     *
     * @param size of the input in pixels
     * @return milliseconds of each run
     * @throws Failure kDeviceUnavailable on the CPU, else as Runner::upscale
     */
    std::vector<double> timeNetwork(Size size, int runs);

    /**
     * Runs the network over a small image on the CPU and looks at what is inside of it.
     *
     * @throws Failure kDeviceUnavailable on a GPU, else as bdreader::observeBlobs
     */
    std::vector<BlobStatistics> observeBlobs(ConstPixels image, const std::vector<BlobQuery>& queries,
                                             uint32_t bins) const;

  private:
    VulkanShared shared();
    void selectDevice();
    void fuseConvolutions();
    void load();
    void loadWeights();
    void expectBlobs() const;

    const NetworkOptions options_;
    ShaderCompiler compiler_;
    /** Null without fused convolutions. Layers of the net refer to it. */
    std::unique_ptr<FusedConvolutions> fused_;
    OwnLayersNet net_;
    std::unique_ptr<VulkanCrossing> crossing_;
    std::shared_ptr<PinnedOutputs> pinned_;
    MemoryBudget deviceMemory_;
    MemoryBudget hostMemory_{0};
    std::atomic<int> submissions_{0};
};

}  // namespace bdreader
