#include "fused_layer.h"

#include <ncnn/command.h>
#include <ncnn/layer_type.h>

#include <cstdint>
#include <cstring>

#include "fused_shader.h"
#include "shader_constants.h"

namespace bdreader {

namespace {

/** What ncnn's layers return for these. */
constexpr int kOutOfMemory = -100;
/** Not -1, by which an extractor tells that the device was lost. */
constexpr int kUnexpectedTensor = -2;
constexpr int kUnexpectedWeights = -1;

constexpr int kTaps = 9;
constexpr int kPacked = 4;
/** Fewer would be filled up with zeros for the most part. */
constexpr int kFewestChannels = 12;
constexpr size_t kPackedHalves = 8;

bool isWorthwhile(int channels) {
    return channels % kPacked == 0 && channels >= kFewestChannels;
}

ncnn::Mat asMat(const std::vector<float>& values) {
    ncnn::Mat mat(static_cast<int>(values.size()));
    if (!mat.empty()) std::memcpy(mat.data, values.data(), values.size() * sizeof(float));
    return mat;
}

ncnn::Option inFp32(ncnn::Option option) {
    option.use_fp16_packed = false;
    option.use_fp16_storage = false;
    return option;
}

}  // namespace

FusedLayer::FusedLayer(FusedConvolutions& shared) : shared_(shared) {
    typeindex = ncnn::LayerType::Convolution;
    one_blob_only = true;
    support_vulkan = true;
    support_vulkan_packing = true;
}

bool FusedLayer::takes(const ncnn::ParamDict& params) {
    const int kernel = params.get(1, 0);
    const int dilation = params.get(2, 1);
    const int stride = params.get(3, 1);
    pad_ = params.get(4, 0);
    hasBias_ = params.get(5, 0) != 0;
    const int activation = params.get(9, 0);
    const ncnn::Mat slopes = params.get(10, ncnn::Mat());
    const bool isSquare = params.get(11, kernel) == kernel && params.get(12, dilation) == dilation &&
                          params.get(13, stride) == stride && params.get(14, pad_) == pad_ &&
                          params.get(15, pad_) == pad_ && params.get(16, params.get(14, pad_)) == pad_;
    const bool isPlain = params.get(7, 1) == 1 && params.get(8, 0) == 0 && params.get(18, 0.f) == 0.f &&
                         params.get(19, 0) == 0 && featmask == 0;
    // Without a device it is made for the CPU, in the place of one that cannot run on a GPU.
    if (!vkdev || !isSquare || !isPlain || kernel != 3 || dilation != 1 || stride != 1) return false;
    if ((pad_ != 0 && pad_ != 1) || activation < 0 || activation > 2) return false;
    if (activation == 2 && slopes.w < 1) return false;
    slope_ = activation == 0 ? 1.f : activation == 1 ? 0.f : slopes[0];
    blocks_.outputs = params.get(0, 0);
    const int weights = params.get(6, 0);
    // In 64 bits: a file may name any number of channels.
    const int64_t perInput = int64_t{kTaps} * blocks_.outputs;
    if (!isWorthwhile(blocks_.outputs) || weights % perInput != 0) return false;
    blocks_.inputs = static_cast<int>(weights / perInput);
    return isWorthwhile(blocks_.inputs);
}

int FusedLayer::leaveToNcnn(const ncnn::ParamDict& params) {
    ncnnLayer_.reset(ncnn::create_layer(typeindex));
    if (!ncnnLayer_) return kOutOfMemory;
    ncnnLayer_->vkdev = vkdev;
    ncnnLayer_->featmask = featmask;
    ncnnLayer_->bottoms = bottoms;
    ncnnLayer_->tops = tops;
    ncnnLayer_->bottom_shapes = bottom_shapes;
    ncnnLayer_->top_shapes = top_shapes;
    const int status = ncnnLayer_->load_param(params);
    one_blob_only = ncnnLayer_->one_blob_only;
    support_inplace = ncnnLayer_->support_inplace;
    support_vulkan = ncnnLayer_->support_vulkan;
    support_packing = ncnnLayer_->support_packing;
    support_bf16_storage = ncnnLayer_->support_bf16_storage;
    support_fp16_storage = ncnnLayer_->support_fp16_storage;
    support_int8_storage = ncnnLayer_->support_int8_storage;
    support_tensor_storage = ncnnLayer_->support_tensor_storage;
    support_vulkan_packing = ncnnLayer_->support_vulkan_packing;
    support_any_packing = ncnnLayer_->support_any_packing;
    support_vulkan_any_packing = ncnnLayer_->support_vulkan_any_packing;
    support_batch = ncnnLayer_->support_batch;
    return status;
}

int FusedLayer::load_param(const ncnn::ParamDict& params) {
    if (!takes(params)) return leaveToNcnn(params);
    shared_.layers++;
    return 0;
}

int FusedLayer::load_model(const ncnn::ModelBin& model) {
    if (ncnnLayer_) return ncnnLayer_->load_model(model);
    const ncnn::Mat weights = model.load(blocks_.inputs * blocks_.outputs * kTaps, 0);
    if (weights.empty()) return kOutOfMemory;
    if (weights.elemsize != sizeof(float)) return kUnexpectedWeights;
    ncnn::Mat bias;
    if (hasBias_) {
        bias = model.load(blocks_.outputs, 1);
        if (bias.empty()) return kOutOfMemory;
    }
    weights_ = asMat(fusedWeights(blocks_, weights, shared_.order));
    bias_ = asMat(fusedBias(blocks_, hasBias_ ? static_cast<const float*>(bias) : nullptr));
    return weights_.empty() || bias_.empty() ? kOutOfMemory : 0;
}

int FusedLayer::create_pipeline(const ncnn::Option& option) {
    if (ncnnLayer_) {
        ncnnLayer_->bottom_shapes = bottom_shapes;
        ncnnLayer_->top_shapes = top_shapes;
        return ncnnLayer_->create_pipeline(option);
    }
    pipeline_ = std::make_unique<ncnn::Pipeline>(vkdev);
    if (shared_.mode == FusedConvolution::kCooperative) {
        pipeline_->set_subgroup_size(shaders::kFusedSubgroupSize);
    }
    const Size workgroup{shaders::kFusedSubgroups * shaders::kFusedSubgroupSize, 1};
    try {
        shared_.compiler.compile(*pipeline_, fusedConvolutionSource(shared_.mode, blocks_), option, workgroup,
                                 {specialization(slope_)});
    } catch (...) {
        // ncnn's frames above are not made for exceptions.
        shared_.failure = std::current_exception();
        return -1;
    }
    return 0;
}

int FusedLayer::destroy_pipeline(const ncnn::Option& option) {
    pipeline_.reset();
    return ncnnLayer_ ? ncnnLayer_->destroy_pipeline(option) : 0;
}

int FusedLayer::upload_model(ncnn::VkTransfer& command, const ncnn::Option& option) {
    if (ncnnLayer_) return ncnnLayer_->upload_model(command, option);
    command.record_upload(weights_, weightsOnDevice_, option);
    command.record_upload(bias_, biasOnDevice_, inFp32(option));
    weights_.release();
    bias_.release();
    return weightsOnDevice_.empty() || biasOnDevice_.empty() ? kOutOfMemory : 0;
}

int FusedLayer::forward(const std::vector<ncnn::Mat>& bottoms_, std::vector<ncnn::Mat>& tops_,
                        const ncnn::Option& option) const {
    return ncnnLayer_ ? ncnnLayer_->forward(bottoms_, tops_, option) : kUnexpectedTensor;
}

int FusedLayer::forward(const ncnn::Mat& bottom, ncnn::Mat& top, const ncnn::Option& option) const {
    return ncnnLayer_ ? ncnnLayer_->forward(bottom, top, option) : kUnexpectedTensor;
}

int FusedLayer::forward(const std::vector<ncnn::VkMat>& bottoms_, std::vector<ncnn::VkMat>& tops_,
                        ncnn::VkCompute& command, const ncnn::Option& option) const {
    return ncnnLayer_ ? ncnnLayer_->forward(bottoms_, tops_, command, option) : kUnexpectedTensor;
}

int FusedLayer::forward(const ncnn::VkMat& bottom, ncnn::VkMat& top, ncnn::VkCompute& command,
                        const ncnn::Option& option) const {
    if (ncnnLayer_) return ncnnLayer_->forward(bottom, top, command, option);
    const int shrinks = 2 - 2 * pad_;
    const Size size{bottom.w - shrinks, bottom.h - shrinks};
    if (bottom.dims != 3 || bottom.elempack != kPacked || bottom.elemsize != kPackedHalves ||
        bottom.c * kPacked != blocks_.inputs || size.width < 1 || size.height < 1) {
        return kUnexpectedTensor;
    }
    top.create(size.width, size.height, blocks_.outputs / kPacked, kPackedHalves, kPacked,
               option.blob_vkallocator);
    if (top.empty()) return kOutOfMemory;
    const std::vector<ncnn::vk_constant_type> constants{constant(bottom.w),
                                                        constant(bottom.h),
                                                        constant(static_cast<int>(bottom.cstep)),
                                                        constant(bottom.c),
                                                        constant(size.width),
                                                        constant(size.height),
                                                        constant(static_cast<int>(top.cstep)),
                                                        constant(top.c),
                                                        constant(pad_),
                                                        constant(blocks_.sourceBlocks())};
    const int columns = (size.width + shaders::kFusedColumns - 1) / shaders::kFusedColumns;
    const int rows = (size.height + shaders::kFusedRows - 1) / shaders::kFusedRows;
    // One workgroup is a row of invocations.
    const int invocationsAcross = columns * shaders::kFusedSubgroups * shaders::kFusedSubgroupSize;
    command.record_pipeline(pipeline_.get(), {bottom, top, weightsOnDevice_, biasOnDevice_}, constants,
                            invocations(invocationsAcross, rows, blocks_.groups()));
    return 0;
}

}  // namespace bdreader
