#include "vulkan_crossing.h"

#include <string>
#include <vector>

#include "shader_constants.h"
#include "vulkan_shaders.h"

namespace bdreader {

namespace {

constexpr Size kPixelGroup{32, 4};
constexpr int kSumGroup = 128;

}  // namespace

VulkanCrossing::VulkanCrossing(const ncnn::VulkanDevice* device, const ncnn::Option& option,
                               const PageGeometry& geometry, ShaderCompiler& compiler)
    : geometry_(geometry),
      numberSize_(option.use_fp16_storage ? 2 : 4),
      unpack_(device),
      pack_(device),
      sumSingle_(device),
      sumPacked_(device) {
    const ShaderCompiler::Constants edges{specialization(geometry.edges == Edges::kReplicate ? 1 : 0)};
    const ShaderCompiler::Constants residual{specialization(geometry.addsNearest ? 1 : 0),
                                             specialization(geometry.scale),
                                             specialization(geometry.consumed)};
    const std::string sum = shaders::kSum;
    compiler.compile(unpack_, shaders::kUnpack, option, kPixelGroup, edges);
    compiler.compile(pack_, shaders::kPack, option, kPixelGroup, residual);
    compiler.compile(sumSingle_, "#version 450\n#define PACK 1\n" + sum, option, {kSumGroup, 1}, {});
    compiler.compile(sumPacked_, "#version 450\n#define PACK 4\n" + sum, option, {kSumGroup, 1}, {});
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
