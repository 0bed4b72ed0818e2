#include "vulkan_crossing.h"

#include "failure.h"
#include "vulkan_shaders.h"

namespace bdreader {

namespace {

constexpr Size kPixelGroup{32, 4};
constexpr int kSumGroup = 128;

ncnn::vk_constant_type constant(int value) {
    ncnn::vk_constant_type item;
    item.i = value;
    return item;
}

ncnn::vk_specialization_type specialization(int value) {
    ncnn::vk_specialization_type item;
    item.i = value;
    return item;
}

/** How many invocations a dispatch has; only the sides are read. */
ncnn::VkMat invocations(int width, int height) {
    ncnn::VkMat dispatcher;
    dispatcher.w = width;
    dispatcher.h = height;
    dispatcher.c = 1;
    return dispatcher;
}

}  // namespace

/** Turns shaders into pipelines, by way of the cache. */
struct VulkanCrossing::Compiler {
    const ncnn::Option& option;
    ShaderCacheFile cache;

    void compile(ncnn::Pipeline& pipeline, const std::string& source, Size workgroup,
                 const Constants& constants) {
        // The file belongs to one device and driver; what of the options changes a shader is how it stores
        // numbers.
        const uint64_t key = ShaderCacheFile::keyOf(source + (option.use_fp16_storage ? "fp16" : "fp32") +
                                                    (option.use_fp16_arithmetic ? "sums" : ""));
        const ShaderCacheFile::Words* words = cache.find(key);
        if (!words) {
            ShaderCacheFile::Words compiled;
            const int status =
                ncnn::compile_spirv_module(source.c_str(), static_cast<int>(source.size()), option, compiled);
            if (status != 0) {
                throw Failure(FailureCode::kInternal,
                              "compiling a shader returned " + std::to_string(status));
            }
            cache.add(key, std::move(compiled));
            words = cache.find(key);
        }
        pipeline.set_local_size_xyz(workgroup.width, workgroup.height, 1);
        const int status = pipeline.create(words->data(), words->size() * sizeof(uint32_t), constants);
        if (status != 0) {
            throw Failure(FailureCode::kInternal,
                          "making a pipeline of a shader returned " + std::to_string(status));
        }
    }
};

VulkanCrossing::VulkanCrossing(const ncnn::VulkanDevice* device, const ncnn::Option& option,
                               const PageGeometry& geometry, const std::string& cachePath)
    : geometry_(geometry),
      numberSize_(option.use_fp16_storage ? 2 : 4),
      unpack_(device),
      pack_(device),
      sumSingle_(device),
      sumPacked_(device) {
    const Constants edges{specialization(geometry.edges == Edges::kReplicate ? 1 : 0)};
    const Constants residual{specialization(geometry.addsNearest ? 1 : 0), specialization(geometry.scale),
                             specialization(geometry.consumed)};
    const std::string sum = shaders::kSum;
    Compiler compiler{option, ShaderCacheFile(cachePath)};
    compiler.compile(unpack_, shaders::kUnpack, kPixelGroup, edges);
    compiler.compile(pack_, shaders::kPack, kPixelGroup, residual);
    compiler.compile(sumSingle_, "#version 450\n#define PACK 1\n" + sum, {kSumGroup, 1}, {});
    compiler.compile(sumPacked_, "#version 450\n#define PACK 4\n" + sum, {kSumGroup, 1}, {});
    compiler.cache.saveIfGrown();
}

void VulkanCrossing::recordUnpack(ncnn::VkCompute& command, const ncnn::VkMat& pixels, Rect given,
                                  Rect region, Size page, const ncnn::VkMat& planes,
                                  const ncnn::VkMat& status) const {
    const std::vector<ncnn::vk_constant_type> constants{constant(region.x),
                                                        constant(region.y),
                                                        constant(region.width),
                                                        constant(region.height),
                                                        constant(static_cast<int>(planes.cstep)),
                                                        constant(page.width),
                                                        constant(page.height),
                                                        constant(given.x),
                                                        constant(given.y),
                                                        constant(given.width),
                                                        constant(given.height)};
    command.record_pipeline(&unpack_, {pixels, planes, status}, constants,
                            invocations(region.width, region.height));
}

void VulkanCrossing::recordPack(ncnn::VkCompute& command, const ncnn::VkMat& planes, const ncnn::VkMat& input,
                                Size size, const ncnn::VkMat& pixels, const ncnn::VkMat& status) const {
    const Size crop = cropOf(geometry_);
    const std::vector<ncnn::vk_constant_type> constants{constant(size.width),
                                                        constant(size.height),
                                                        constant(rowWords(size.width)),
                                                        constant(crop.width),
                                                        constant(crop.height),
                                                        constant(planes.w),
                                                        constant(static_cast<int>(planes.cstep)),
                                                        constant(input.w),
                                                        constant(static_cast<int>(input.cstep))};
    command.record_pipeline(&pack_, {planes, input, pixels, status}, constants,
                            invocations((size.width + 3) / 4, size.height));
}

void VulkanCrossing::recordSum(ncnn::VkCompute& command, const ncnn::VkMat& planes, Rect share,
                               const ncnn::VkMat& sums) const {
    const std::vector<ncnn::vk_constant_type> constants{
        constant(share.x),      constant(share.y),  constant(share.width),
        constant(share.height), constant(planes.w), constant(static_cast<int>(planes.cstep))};
    const ncnn::Pipeline& pipeline = planes.elempack == 4 ? sumPacked_ : sumSingle_;
    command.record_pipeline(&pipeline, {planes, sums}, constants, invocations(kSumGroup, planes.c));
}

}  // namespace bdreader
