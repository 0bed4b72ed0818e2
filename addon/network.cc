#include "network.h"

#include <ncnn/gpu.h>

#include <algorithm>
#include <optional>
#include <string>

#include "cpu_runner.h"
#include "direct_kernels.h"
#include "failure.h"
#include "fragment_order.h"
#include "fused_graph.h"
#include "gpu_instance.h"
#include "pipeline_cache_file.h"
#include "vulkan_runner.h"

namespace bdreader {

namespace {

uint32_t inMb(size_t bytes) {
    return static_cast<uint32_t>(bytes >> 20);
}

}  // namespace

Network::Network(const NetworkOptions& options)
    : options_(options),
      compiler_(options.pipelineCachePath.empty() ? "" : options.pipelineCachePath + ".shaders"),
      deviceMemory_(options.maxMemoryBytes) {
    const Arithmetic& arithmetic = options_.arithmetic;
    net_.opt.num_threads = options_.threads;
    net_.opt.use_winograd_convolution = arithmetic.winograd;
    net_.opt.use_fp16_packed = arithmetic.fp16Storage;
    net_.opt.use_fp16_storage = arithmetic.fp16Storage;
    net_.opt.use_fp16_arithmetic = arithmetic.fp16Arithmetic;
    net_.opt.use_cooperative_matrix = arithmetic.cooperativeMatrix;
    selectDevice();
    load();
}

Network::~Network() = default;

void Network::selectDevice() {
    net_.opt.use_vulkan_compute = options_.deviceIndex >= 0;
    if (!net_.opt.use_vulkan_compute) {
        if (options_.arithmetic.directConvolution) net_.convolveWith(directKernelsOfCpu());
        return;
    }
    const ncnn::VulkanDevice* device = openDevice(options_.deviceIndex);
    if (!device) {
        throw Failure(FailureCode::kDeviceUnavailable, "expected Vulkan device " +
                                                           std::to_string(options_.deviceIndex) +
                                                           " to be there and usable, received none");
    }
    net_.set_vulkan_device(device);
    // ncnn hands out its cache as constant and takes it as variable; both only ever add to it under a lock.
    net_.opt.pipeline_cache = const_cast<ncnn::PipelineCache*>(device->get_pipeline_cache());
    fuseConvolutions();
}

void Network::fuseConvolutions() {
    const FusedConvolution mode = options_.arithmetic.fusedConvolution;
    if (!options_.arithmetic.fp16Storage || !canFuseConvolutions(net_.vulkan_device()->info, mode)) return;
    const std::optional<FragmentOrder> order =
        mode == FusedConvolution::kCooperative ? fragmentOrderOf(net_.vulkan_device(), net_.opt, compiler_)
                                               : storedOrder();
    if (!order) return;
    fused_ = std::make_unique<FusedConvolutions>(FusedConvolutions{mode, compiler_, *order, {}, nullptr});
    net_.fuseWith(fused_.get());
}

void Network::load() {
    std::unique_ptr<PipelineCacheFile> cache;
    if (net_.opt.use_vulkan_compute) {
        cache = std::make_unique<PipelineCacheFile>(net_.vulkan_device(), options_.pipelineCachePath);
        cache->load();
    }
    const int param = net_.load_param(options_.paramPath.c_str());
    if (param != 0) {
        throw Failure(FailureCode::kModelInvalid,
                      "loading " + options_.paramPath + " returned " + std::to_string(param));
    }
    if (fused_) mergeIntoFused(net_, *fused_, options_.paramPath);
    loadWeights();
    expectBlobs();
    if (!cache) return;
    crossing_ =
        std::make_unique<VulkanCrossing>(net_.vulkan_device(), net_.opt, options_.geometry, compiler_);
    compiler_.saveIfGrown();
    pinned_ = std::make_shared<PinnedOutputs>(net_.vulkan_device());
    cache->saveIfGrown();
}

void Network::loadWeights() {
    const int status = net_.load_model(options_.binPath.c_str());
    if (status == 0) return;
    if (fused_ && fused_->failure) std::rethrow_exception(fused_->failure);
    throw Failure(FailureCode::kModelInvalid,
                  "loading " + options_.binPath + " returned " + std::to_string(status));
}

void Network::expectBlobs() const {
    std::vector<std::string> names{options_.inputBlob, options_.outputBlob};
    for (const GlobalPool& pool : options_.globalPools) {
        names.push_back(pool.pooled);
        names.push_back(pool.source);
    }
    const std::vector<ncnn::Blob>& blobs = net_.blobs();
    for (const std::string& name : names) {
        const bool isThere = std::any_of(blobs.begin(), blobs.end(),
                                         [&name](const ncnn::Blob& blob) { return blob.name == name; });
        // An absent one would fail at each tile with the status that on a GPU means a lost device.
        if (!isThere) throw Failure(FailureCode::kModelInvalid, "expected the network to have blob " + name);
    }
}

VulkanShared Network::shared() {
    return {net_, options_, *crossing_, deviceMemory_, hostMemory_, *pinned_, submissions_};
}

std::unique_ptr<Runner> Network::createRunner() {
    if (crossing_) return std::make_unique<VulkanRunner>(shared());
    return std::make_unique<CpuRunner>(net_, options_);
}

MemoryUse Network::memory() const {
    MemoryUse use;
    if (!crossing_) return use;
    const HeapUse heap = heapUse(*net_.vulkan_device());
    use.budgetMb = inMb(heap.budgetBytes);
    use.usedMb = inMb(heap.usedBytes);
    use.heldMb = inMb(deviceMemory_.held());
    use.peakMb = inMb(deviceMemory_.peak());
    return use;
}

std::vector<double> Network::timeNetwork(Size size, int runs) {
    if (!crossing_) throw Failure(FailureCode::kDeviceUnavailable, "expected a GPU, received the CPU");
    VulkanRunner runner(shared());
    std::vector<double> milliseconds;
    for (int i = 0; i < runs; i++) milliseconds.push_back(runner.timeNetwork(size));
    return milliseconds;
}

std::vector<BlobStatistics> Network::observeBlobs(ConstPixels image, const std::vector<BlobQuery>& queries,
                                                  uint32_t bins) const {
    if (crossing_) throw Failure(FailureCode::kDeviceUnavailable, "expected the CPU, received a GPU");
    return bdreader::observeBlobs(net_, options_, image, queries, bins);
}

}  // namespace bdreader
