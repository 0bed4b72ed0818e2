#include "vulkan_runner.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <vector>

#include "failure.h"
#include "tensor_check.h"
#include "vulkan_shaders.h"

namespace bdreader {

namespace {

/** Of Extractor: a submission that it made between two layers has failed. */
constexpr int kSubmissionFailed = -1;

void checkRecorded(int status, const char* what) {
    if (status == kSubmissionFailed) checkSubmit(status, what);
    checkExtract(status, what);
}

/** Allocation, upload and download say nothing when memory runs out: an empty tensor is the only sign. */
void checkMemory(const ncnn::VkMat& tensor, const char* what) {
    if (tensor.empty()) throw Failure(FailureCode::kOutOfMemory, std::string("no memory for ") + what);
}

Rect insideOf(Rect region, Size page) {
    const int left = std::max(region.x, 0);
    const int top = std::max(region.y, 0);
    return {left, top, std::min(region.x + region.width, page.width) - left,
            std::min(region.y + region.height, page.height) - top};
}

void copyRows(ConstPixels image, Rect rows, uint8_t* target) {
    const size_t stride = static_cast<size_t>(image.size.width) * kChannels;
    const size_t length = static_cast<size_t>(rows.width) * kChannels;
    const uint8_t* source =
        image.data + static_cast<size_t>(rows.y) * stride + static_cast<size_t>(rows.x) * kChannels;
    if (length == stride) {
        std::memcpy(target, source, length * static_cast<size_t>(rows.height));
        return;
    }
    for (int y = 0; y < rows.height; y++) {
        std::memcpy(target + static_cast<size_t>(y) * length, source + static_cast<size_t>(y) * stride,
                    length);
    }
}

}  // namespace

/** What one tile needs while its command is recorded and run. */
struct VulkanRunner::Tile {
    Tile(const VulkanShared& shared, const ncnn::Option& tileOption, ncnn::VkCompute& tileCommand)
        : option(tileOption), command(tileCommand), extractor(shared.net.create_extractor()) {
        extractor.set_blob_vkallocator(option.blob_vkallocator);
        extractor.set_workspace_vkallocator(option.workspace_vkallocator);
        extractor.set_staging_vkallocator(option.staging_vkallocator);
    }

    const ncnn::Option option;
    ncnn::VkCompute& command;
    /** The tile's bytes in mapped memory: must stay until the command has run, unlike what is on the device
     * only. */
    ncnn::VkMat staged;
    ncnn::VkMat input;
    ncnn::VkMat status;
    ncnn::Extractor extractor;
    Rect region;
};

struct VulkanRunner::Arrival {
    ncnn::VkMat pixels;
    /** The pixels are in the page's own memory already. */
    bool isFinal = false;
    ncnn::Mat status;
};

VulkanRunner::VulkanRunner(const VulkanShared& shared)
    : shared_(shared),
      device_(shared.net.vulkan_device()),
      tensors_(device_, shared.deviceMemory, TensorPool::Kind::kDevice),
      host_(device_, shared.hostMemory, TensorPool::Kind::kHost) {}

VulkanRunner::~VulkanRunner() = default;

void VulkanRunner::releaseMemory() {
    tensors_.clear();
    host_.clear();
}

ncnn::Option VulkanRunner::optionFor(TensorPool& pool) {
    ncnn::Option option = shared_.net.opt;
    option.blob_vkallocator = &pool;
    option.workspace_vkallocator = &pool;
    option.staging_vkallocator = &host_;
    return option;
}

/**
 * Calls work(tile) with a command to record into. Whatever happens, no tensor is left and no command refers
 * to one afterwards, as the pools demand.
 */
template <typename Work>
auto VulkanRunner::withTile(Work work) {
    if (!command_) command_ = std::make_unique<ncnn::VkCompute>(device_);
    try {
        auto result = [&] {
            Tile tile(shared_, optionFor(tensors_), *command_);
            return work(tile);
        }();
        if (command_->reset() != 0) command_.reset();
        tensors_.trim();
        host_.trim();
        return result;
    } catch (...) {
        // Half recorded, or run on a device that may be lost: the next tile begins with a new one.
        command_.reset();
        throw;
    }
}

void VulkanRunner::begin(Tile& tile, const TileTask& task, const PoolMeans& means) {
    const NetworkOptions& options = shared_.options;
    tile.region = regionOf(task, options.geometry);
    const Rect given = insideOf(tile.region, task.input.size);
    const size_t bytes = static_cast<size_t>(given.width) * static_cast<size_t>(given.height) * kChannels;
    ncnn::VkMat& staged = tile.staged;
    staged.create(static_cast<int>((bytes + 3) / 4), 4u, &host_);
    checkMemory(staged, "a tile's pixels");
    copyRows(task.input, given, static_cast<uint8_t*>(staged.mapped_ptr()));
    staged.data->access_flags = VK_ACCESS_HOST_WRITE_BIT;
    staged.data->stage_flags = VK_PIPELINE_STAGE_HOST_BIT;
    // A copy in one piece crosses the bus several times faster than a shader that reads words.
    ncnn::VkMat pixels;
    tile.command.record_clone(staged, pixels, tile.option);
    checkMemory(pixels, "a tile's pixels on the device");
    ncnn::Mat zeros(shaders::kStatusWords);
    zeros.fill(0);
    tile.command.record_clone(zeros, tile.status, tile.option);
    checkMemory(tile.status, "a tile's status");
    tile.input.create(tile.region.width, tile.region.height, kChannels, shared_.crossing.numberSize(),
                      &tensors_);
    checkMemory(tile.input, "a tile's input");
    shared_.crossing.recordUnpack(tile.command, pixels, given, tile.region, task.input.size, tile.input,
                                  tile.status);
    checkExtract(tile.extractor.input(options.inputBlob.c_str(), tile.input), "setting the network's input");
    for (size_t i = 0; i < means.size(); i++) {
        const ncnn::Mat values(static_cast<int>(means[i].size()), const_cast<float*>(means[i].data()));
        ncnn::VkMat mean;
        tile.command.record_upload(values, mean, tile.option);
        checkMemory(mean, "a mean");
        checkExtract(tile.extractor.input(options.globalPools[i].pooled.c_str(), mean), "setting a mean");
    }
}

ncnn::VkMat VulkanRunner::extract(Tile& tile, const std::string& blob, const char* what) {
    ncnn::VkMat tensor;
    checkRecorded(tile.extractor.extract(blob.c_str(), tensor, tile.command), what);
    checkMemory(tensor, "a tile's output");
    return tensor;
}

void VulkanRunner::submit(Tile& tile) {
    const int number = ++shared_.submissions;
    if (number == shared_.options.loseDeviceAfter) checkSubmit(-4, "a submission that a test makes fail");
    checkSubmit(tile.command.submit_and_wait(), "running a tile on the GPU");
}

VulkanRunner::Arrival VulkanRunner::recordArrival(Tile& tile, const TileTask& task,
                                                  const ncnn::VkMat& planes) {
    const Rect target = targetOf(task.core, shared_.options.geometry.scale);
    const int words = VulkanCrossing::rowWords(target.width) * target.height;
    ncnn::VkMat packed(words, 4u, &tensors_);
    checkMemory(packed, "a tile's packed output");
    shared_.crossing.recordPack(tile.command, planes, tile.input, {target.width, target.height}, packed,
                                tile.status);
    Arrival arrival;
    const Size page = task.output.size;
    ncnn::VkBufferMemory* own = shared_.pinned.find(task.output.data);
    arrival.isFinal = own && target.width == page.width && target.height == page.height &&
                      target.width * kChannels == VulkanCrossing::rowWords(target.width) * 4;
    arrival.pixels = arrival.isFinal ? ncnn::VkMat(words, own, 4u, &host_) : ncnn::VkMat(words, 4u, &host_);
    checkMemory(arrival.pixels, "a tile's pixels on the host");
    tile.command.record_clone(packed, arrival.pixels, optionFor(host_));
    tile.command.record_clone(tile.status, arrival.status, tile.option);
    // A few words of the pixels the same way, since this is what makes the copy visible to the host.
    ncnn::Mat firstWords;
    const ncnn::VkMat view(1, arrival.pixels.data, 4u, &host_);
    tile.command.record_clone(view, firstWords, tile.option);
    if (arrival.status.empty() || firstWords.empty()) {
        throw Failure(FailureCode::kOutOfMemory, "no memory for a tile's report");
    }
    return arrival;
}

TileReport VulkanRunner::upscale(const TileTask& task, const PoolMeans& means) {
    return withTile([&](Tile& tile) {
        begin(tile, task, means);
        const ncnn::VkMat planes = extract(tile, shared_.options.outputBlob, "recording the network");
        checkPlanes({planes.dims, planes.w, planes.h, planes.c, planes.elempack, planes.elemsize},
                    outputSizeOf(tile.region, shared_.options.geometry));
        const Arrival arrival = recordArrival(tile, task, planes);
        submit(tile);
        const auto* words = static_cast<const uint32_t*>(static_cast<const void*>(arrival.status.data));
        if (words[shaders::kStatusInvalid] != 0) {
            throw Failure(FailureCode::kInternal, "expected finite pixels from the network, received others");
        }
        if (!arrival.isFinal) copyOut(arrival.pixels, task);
        TileReport report;
        report.inputPeak = static_cast<uint8_t>(words[shaders::kStatusInputPeak]);
        report.outputPeak = static_cast<uint8_t>(words[shaders::kStatusOutputPeak]);
        return report;
    });
}

void VulkanRunner::copyOut(const ncnn::VkMat& pixels, const TileTask& task) const {
    const Rect target = targetOf(task.core, shared_.options.geometry.scale);
    const size_t stride = static_cast<size_t>(VulkanCrossing::rowWords(target.width)) * 4;
    const size_t length = static_cast<size_t>(target.width) * kChannels;
    const size_t pageStride = static_cast<size_t>(task.output.size.width) * kChannels;
    const auto* source = static_cast<const uint8_t*>(pixels.mapped_ptr());
    uint8_t* rows = task.output.data + static_cast<size_t>(target.y) * pageStride +
                    static_cast<size_t>(target.x) * kChannels;
    if (stride == length && length == pageStride) {
        std::memcpy(rows, source, length * static_cast<size_t>(target.height));
        return;
    }
    for (int y = 0; y < target.height; y++) {
        std::memcpy(rows + static_cast<size_t>(y) * pageStride, source + static_cast<size_t>(y) * stride,
                    length);
    }
}

PoolSums VulkanRunner::sumPool(const TileTask& task, const PoolMeans& means) {
    const GlobalPool& pool = shared_.options.globalPools[means.size()];
    return withTile([&](Tile& tile) {
        begin(tile, task, means);
        const ncnn::VkMat source = extract(tile, pool.source, "recording the network up to a global pool");
        if (source.c * source.elempack != pool.channels || (source.elempack != 1 && source.elempack != 4)) {
            throw Failure(FailureCode::kModelInvalid, "expected " + std::to_string(pool.channels) +
                                                          " planes in " + pool.source + ", received " +
                                                          std::to_string(source.c * source.elempack));
        }
        const Rect share = poolShare(pool, shared_.options.geometry, task, {source.w, source.h});
        ncnn::VkMat sums(pool.channels, 4u, &tensors_);
        checkMemory(sums, "the sums of a global pool");
        shared_.crossing.recordSum(tile.command, source, share, sums);
        ncnn::Mat values;
        tile.command.record_clone(sums, values, tile.option);
        if (values.empty()) throw Failure(FailureCode::kOutOfMemory, "no memory for the sums of a pool");
        submit(tile);
        const float* first = values;
        PoolSums result;
        result.channels.assign(first, first + pool.channels);
        result.pixels = static_cast<double>(share.width) * share.height;
        return result;
    });
}

double VulkanRunner::timeNetwork(Size size) {
    const std::vector<uint8_t> grey(
        static_cast<size_t>(size.width) * static_cast<size_t>(size.height) * kChannels, 128);
    TileTask task;
    task.input = {grey.data(), size};
    task.core = {0, 0, size.width, size.height};
    task.computed = {roundUp(size.width, shared_.options.geometry.alignment),
                     roundUp(size.height, shared_.options.geometry.alignment)};
    return withTile([&](Tile& tile) {
        begin(tile, task, {});
        submit(tile);
        if (tile.command.reset() != 0) {
            throw Failure(FailureCode::kGpuLost, "a command could not be begun again");
        }
        const auto started = std::chrono::steady_clock::now();
        const ncnn::VkMat planes = extract(tile, shared_.options.outputBlob, "recording the network");
        submit(tile);
        const std::chrono::duration<double, std::milli> passed = std::chrono::steady_clock::now() - started;
        return passed.count();
    });
}

}  // namespace bdreader
