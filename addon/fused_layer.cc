#include "fused_layer.h"

#include <ncnn/command.h>
#include <ncnn/layer_type.h>

#include <cstdint>
#include <cstring>
#include <optional>

#include "fused_shader.h"
#include "shader_constants.h"

namespace bdreader {

namespace {

constexpr size_t kHalf = 2;

ncnn::Mat asMat(const std::vector<float>& values) {
    ncnn::Mat mat(static_cast<int>(values.size()));
    if (!mat.empty()) std::memcpy(mat.data, values.data(), values.size() * sizeof(float));
    return mat;
}

/** Whether these are fp16 numbers, as many packed together. */
bool hasHalves(const ncnn::VkMat& tensor, int pack) {
    return tensor.elempack == pack && tensor.elemsize == kHalf * static_cast<size_t>(pack);
}

ncnn::Option inFp32(ncnn::Option option) {
    option.use_fp16_packed = false;
    option.use_fp16_storage = false;
    return option;
}

}  // namespace

FusedLayer::FusedLayer(FusedConvolutions& shared, int typeIndex) : ReplacedLayer(typeIndex), shared_(shared) {
    support_vulkan = true;
    support_vulkan_packing = true;
}

int FusedLayer::load_param(const ncnn::ParamDict& params) {
    const std::optional<FusedShape> shape = fusedShapeOf(typeindex, params);
    // Without a device it is made for the CPU, in the place of one that cannot run on a GPU.
    if (!vkdev || featmask != 0 || !shape) return leaveToNcnn(params);
    shape_ = *shape;
    shared_.layers.push_back(this);
    return 0;
}

int FusedLayer::load_model(const ncnn::ModelBin& model) {
    if (ncnnLayer()) return ReplacedLayer::load_model(model);
    const ncnn::Mat weights = model.load(shape_.weights(), 0);
    if (weights.empty()) return kNoMemory;
    if (weights.elemsize != sizeof(float)) return kUnexpectedWeights;
    ncnn::Mat bias;
    if (shape_.hasBias) {
        bias = model.load(shape_.outputs, 1);
        if (bias.empty()) return kNoMemory;
    }
    weights_ = asMat(fusedWeights(shape_, weights, shared_.order));
    bias_ = asMat(fusedBias(shape_, shape_.hasBias ? static_cast<const float*>(bias) : nullptr));
    return weights_.empty() || bias_.empty() ? kNoMemory : 0;
}

int FusedLayer::create_pipeline(const ncnn::Option& option) {
    if (ncnnLayer()) return ReplacedLayer::create_pipeline(option);
    pipeline_ = std::make_unique<ncnn::Pipeline>(vkdev);
    if (shared_.mode == FusedConvolution::kCooperative) {
        pipeline_->set_subgroup_size(shaders::kFusedSubgroupSize);
    }
    const Size workgroup{shaders::kFusedSubgroups * shaders::kFusedSubgroupSize, 1};
    try {
        shared_.compiler.compile(*pipeline_, fusedSource(shared_.mode, shape_, extras_), option, workgroup,
                                 {specialization(shape_.slope)});
    } catch (...) {
        // ncnn's frames above are not made for exceptions.
        shared_.failure = std::current_exception();
        return -1;
    }
    return 0;
}

int FusedLayer::destroy_pipeline(const ncnn::Option& option) {
    pipeline_.reset();
    return ReplacedLayer::destroy_pipeline(option);
}

int FusedLayer::upload_model(ncnn::VkTransfer& command, const ncnn::Option& option) {
    if (ncnnLayer()) return ncnnLayer()->upload_model(command, option);
    command.record_upload(weights_, weightsOnDevice_, option);
    command.record_upload(bias_, biasOnDevice_, inFp32(option));
    weights_.release();
    bias_.release();
    return weightsOnDevice_.empty() || biasOnDevice_.empty() ? kNoMemory : 0;
}

int FusedLayer::forward(const std::vector<ncnn::VkMat>& bottoms_, std::vector<ncnn::VkMat>& tops_,
                        ncnn::VkCompute& command, const ncnn::Option& option) const {
    if (ncnnLayer()) return ncnnLayer()->forward(bottoms_, tops_, command, option);
    return record(bottoms_, tops_[0], command, option);
}

int FusedLayer::forward(const ncnn::VkMat& bottom, ncnn::VkMat& top, ncnn::VkCompute& command,
                        const ncnn::Option& option) const {
    if (ncnnLayer()) return ncnnLayer()->forward(bottom, top, command, option);
    return record({bottom}, top, command, option);
}

bool FusedLayer::areExpected(const std::vector<ncnn::VkMat>& bottoms_, Size target) const {
    const ncnn::VkMat& source = bottoms_[0];
    if (source.dims != 3 || !hasHalves(source, kFusedPack) || source.c * kFusedPack != shape_.inputs ||
        target.width < 1 || target.height < 1) {
        return false;
    }
    if (extras_.isScaled) {
        const ncnn::VkMat& factors = bottoms_[1];
        if (factors.dims != 1 || !hasHalves(factors, kFusedPack) || factors.w != source.c) return false;
    }
    if (!extras_.isAdded) return true;
    const ncnn::VkMat& added = bottoms_.back();
    return added.dims == 3 && hasHalves(added, targetPack()) && added.c * targetPack() == shape_.outputs &&
           added.w - extras_.addedFrom.width >= target.width &&
           added.h - extras_.addedFrom.height >= target.height;
}

int FusedLayer::record(const std::vector<ncnn::VkMat>& bottoms_, ncnn::VkMat& top, ncnn::VkCompute& command,
                       const ncnn::Option& option) const {
    const ncnn::VkMat& source = bottoms_[0];
    const Size target = shape_.targetOf({source.w, source.h});
    if (!areExpected(bottoms_, target)) return kUnexpectedTensor;
    const int pack = targetPack();
    top.create(target.width, target.height, shape_.outputs / pack, kHalf * static_cast<size_t>(pack), pack,
               option.blob_vkallocator);
    if (top.empty()) return kNoMemory;
    std::vector<ncnn::VkMat> bindings{source, top, weightsOnDevice_, biasOnDevice_};
    bindings.insert(bindings.end(), bottoms_.begin() + 1, bottoms_.end());
    const ncnn::VkMat& added = bottoms_.back();
    const Size from = extras_.addedFrom;
    const std::vector<ncnn::vk_constant_type> constants{constant(source.w),
                                                        constant(source.h),
                                                        constant(static_cast<int>(source.cstep)),
                                                        constant(source.c),
                                                        constant(top.w),
                                                        constant(top.h),
                                                        constant(static_cast<int>(top.cstep)),
                                                        constant(top.c),
                                                        constant(shape_.sourceBlocks()),
                                                        constant(shape_.groups()),
                                                        constant(shape_.pad),
                                                        constant(shape_.cut),
                                                        constant(added.w),
                                                        constant(static_cast<int>(added.cstep)),
                                                        constant(from.height * added.w + from.width)};
    const Size grid = shape_.gridOf(target);
    const int columns = (grid.width + shaders::kFusedColumns - 1) / shaders::kFusedColumns;
    const int rows = (grid.height + shaders::kFusedRows - 1) / shaders::kFusedRows;
    // One workgroup is a row of invocations.
    const int invocationsAcross =
        columns * shape_.groups() * shaders::kFusedSubgroups * shaders::kFusedSubgroupSize;
    command.record_pipeline(pipeline_.get(), bindings, constants, invocations(invocationsAcross, rows));
    return 0;
}

}  // namespace bdreader
