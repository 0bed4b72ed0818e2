#include "network.h"

#include <ncnn/command.h>
#include <ncnn/gpu.h>

#include "crossing.h"
#include "failure.h"
#include "gpu_instance.h"

namespace bdreader {

namespace {

void checkPlanes(const ncnn::Mat& planes) {
    if (planes.empty()) throw Failure(FailureCode::kOutOfMemory, "no memory for the network's output");
    if (planes.dims != 3 || planes.c != kChannels || planes.elempack != 1 ||
        planes.elemsize != sizeof(float)) {
        throw Failure(FailureCode::kModelInvalid,
                      "expected 3 float planes from the network, received " + std::to_string(planes.dims) +
                          " dimensions, " + std::to_string(planes.c) + " channels, element size " +
                          std::to_string(planes.elemsize) + ", packing " + std::to_string(planes.elempack));
    }
}

class CpuRunner final : public Runner {
  public:
    CpuRunner(const ncnn::Net& net, const NetworkOptions& options) : net_(net), options_(options) {}

    ncnn::Mat run(const ncnn::Mat& input) override {
        ncnn::Extractor extractor = net_.create_extractor();
        checkExtract(extractor.input(options_.inputBlob.c_str(), input), "setting the network's input");
        ncnn::Mat output;
        checkExtract(extractor.extract(options_.outputBlob.c_str(), output), "running the network");
        checkPlanes(output);
        return output;
    }

    int concurrency() const override { return options_.parallelRuns; }

    bool prefersOneSize() const override { return false; }

    void releaseMemory() override {}

  private:
    const ncnn::Net& net_;
    const NetworkOptions& options_;
};

class VulkanRunner final : public Runner {
  public:
    VulkanRunner(const ncnn::Net& net, const NetworkOptions& options)
        : net_(net), options_(options), device_(net.vulkan_device()) {
        blobs_ = device_->acquire_blob_allocator();
        staging_ = device_->acquire_staging_allocator();
        if (!blobs_ || !staging_) {
            reclaim();
            throw Failure(FailureCode::kOutOfMemory, "no Vulkan allocator left");
        }
    }

    ~VulkanRunner() override { reclaim(); }

    ncnn::Mat run(const ncnn::Mat& input) override {
        ncnn::Option option = net_.opt;
        option.blob_vkallocator = blobs_;
        option.workspace_vkallocator = blobs_;
        option.staging_vkallocator = staging_;
        ncnn::VkCompute command(device_);
        ncnn::VkMat deviceInput;
        // Upload and download say nothing when memory runs out: an empty image is the only sign.
        command.record_upload(input, deviceInput, option);
        if (deviceInput.empty()) throw Failure(FailureCode::kOutOfMemory, "no memory for a tile's upload");
        ncnn::Extractor extractor = net_.create_extractor();
        extractor.set_blob_vkallocator(blobs_);
        extractor.set_workspace_vkallocator(blobs_);
        extractor.set_staging_vkallocator(staging_);
        checkExtract(extractor.input(options_.inputBlob.c_str(), deviceInput), "setting the network's input");
        ncnn::VkMat deviceOutput;
        checkExtract(extractor.extract(options_.outputBlob.c_str(), deviceOutput, command),
                     "recording the network");
        if (deviceOutput.empty()) throw Failure(FailureCode::kOutOfMemory, "no memory for a tile's output");
        ncnn::Mat output;
        command.record_download(deviceOutput, output, option);
        if (output.empty()) throw Failure(FailureCode::kOutOfMemory, "no memory for a tile's download");
        checkSubmit(command.submit_and_wait(), "running the network on the GPU");
        checkPlanes(output);
        return output;
    }

    int concurrency() const override { return 1; }

    bool prefersOneSize() const override { return true; }

    void releaseMemory() override {
        blobs_->clear();
        staging_->clear();
    }

  private:
    void reclaim() {
        if (blobs_) device_->reclaim_blob_allocator(blobs_);
        if (staging_) device_->reclaim_staging_allocator(staging_);
    }

    const ncnn::Net& net_;
    const NetworkOptions& options_;
    const ncnn::VulkanDevice* device_;
    ncnn::VkAllocator* blobs_ = nullptr;
    ncnn::VkAllocator* staging_ = nullptr;
};

}  // namespace

Network::Network(const NetworkOptions& options) : options_(options) {
    net_.opt.num_threads = options_.threads;
    net_.opt.use_winograd_convolution = options_.winograd;
    net_.opt.use_fp16_packed = options_.fp16;
    net_.opt.use_fp16_storage = options_.fp16;
    // Sums stay fp32, as on the CPU: only what goes through memory is halved.
    net_.opt.use_fp16_arithmetic = false;
    selectDevice();
    load();
}

Network::~Network() = default;

void Network::selectDevice() {
    net_.opt.use_vulkan_compute = options_.deviceIndex >= 0;
    if (!net_.opt.use_vulkan_compute) return;
    const int count = openGpuInstance();
    if (options_.deviceIndex >= count) {
        throw Failure(FailureCode::kDeviceUnavailable, "expected a Vulkan device below " +
                                                           std::to_string(count) + ", received " +
                                                           std::to_string(options_.deviceIndex));
    }
    const ncnn::VulkanDevice* device = ncnn::get_gpu_device(options_.deviceIndex);
    if (!device || !device->is_valid()) {
        throw Failure(FailureCode::kDeviceUnavailable,
                      "the driver refused to open Vulkan device " + std::to_string(options_.deviceIndex));
    }
    net_.set_vulkan_device(device);
}

void Network::load() {
    const int param = net_.load_param(options_.paramPath.c_str());
    if (param != 0) {
        throw Failure(FailureCode::kModelInvalid,
                      "loading " + options_.paramPath + " returned " + std::to_string(param));
    }
    const int model = net_.load_model(options_.binPath.c_str());
    if (model != 0) {
        throw Failure(FailureCode::kModelInvalid,
                      "loading " + options_.binPath + " returned " + std::to_string(model));
    }
}

std::unique_ptr<Runner> Network::createRunner() const {
    if (net_.opt.use_vulkan_compute) return std::make_unique<VulkanRunner>(net_, options_);
    return std::make_unique<CpuRunner>(net_, options_);
}

uint32_t Network::memoryBudgetMb() const {
    return net_.opt.use_vulkan_compute ? net_.vulkan_device()->get_heap_budget() : 0;
}

}  // namespace bdreader
