#include "fragment_order.h"

#include <ncnn/command.h>
#include <ncnn/mat.h>

#include <algorithm>
#include <cstdint>

#include "failure.h"
#include "fragment_order_shader.h"
#include "fused_shader.h"
#include "shader_constants.h"

namespace bdreader {

namespace {

/** ncnn's allocators of a device, given back in the end. */
class DeviceAllocators {
  public:
    explicit DeviceAllocators(const ncnn::VulkanDevice* device)
        : device_(device),
          blobs_(device->acquire_blob_allocator()),
          staging_(device->acquire_staging_allocator()) {}
    ~DeviceAllocators() {
        device_->reclaim_blob_allocator(blobs_);
        device_->reclaim_staging_allocator(staging_);
    }
    DeviceAllocators(const DeviceAllocators&) = delete;
    DeviceAllocators& operator=(const DeviceAllocators&) = delete;

    /** @return the option with these, for tensors that are moved as they are */
    ncnn::Option use(ncnn::Option option) const {
        option.use_fp16_packed = false;
        option.use_fp16_storage = false;
        option.blob_vkallocator = blobs_;
        option.workspace_vkallocator = blobs_;
        option.staging_vkallocator = staging_;
        return option;
    }

  private:
    const ncnn::VulkanDevice* device_;
    ncnn::VkAllocator* blobs_;
    ncnn::VkAllocator* staging_;
};

/** @return the numbers of all places as fp16, which has each of them exactly */
ncnn::Mat numberedPlaces() {
    ncnn::Mat numbers(kFusedBlockWeights, sizeof(uint16_t));
    auto* halves = static_cast<uint16_t*>(numbers.data);
    for (int i = 0; i < kFusedBlockWeights; i++) halves[i] = ncnn::float32_to_float16(static_cast<float>(i));
    return numbers;
}

}  // namespace

std::optional<FragmentOrder> checkedOrder(const std::vector<float>& places) {
    const FragmentOrder all = storedOrder();
    if (!std::is_permutation(places.begin(), places.end(), all.begin(), all.end())) return std::nullopt;
    FragmentOrder order{};
    std::transform(places.begin(), places.end(), order.begin(),
                   [](float place) { return static_cast<int>(place); });
    return order;
}

std::optional<FragmentOrder> fragmentOrderOf(const ncnn::VulkanDevice* device, const ncnn::Option& option,
                                             ShaderCompiler& compiler) {
    const DeviceAllocators allocators(device);
    const ncnn::Option moving = allocators.use(option);
    ncnn::Pipeline pipeline(device);
    pipeline.set_subgroup_size(shaders::kFusedSubgroupSize);
    compiler.compile(pipeline, shaders::kFragmentOrder, option, {shaders::kFusedSubgroupSize, 1}, {});
    ncnn::VkCompute command(device);
    ncnn::VkMat numbers;
    ncnn::VkMat places(kFusedBlockWeights, sizeof(float), moving.blob_vkallocator);
    ncnn::Mat result;
    command.record_clone(numberedPlaces(), numbers, moving);
    command.record_pipeline(&pipeline, {numbers, places}, {}, invocations(shaders::kFusedSubgroupSize, 1));
    command.record_clone(places, result, moving);
    if (command.submit_and_wait() != 0 || result.w != kFusedBlockWeights) {
        throw Failure(FailureCode::kDeviceUnavailable,
                      "expected the device to tell the order of its matrix units, it ran no shader");
    }
    const float* values = result;
    return checkedOrder({values, values + kFusedBlockWeights});
}

}  // namespace bdreader
