#include "own_convolution.h"

#include <ncnn/layer_type.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "direct_rows.h"
#include "winograd_blocks.h"
#include "winograd_weights.h"

namespace bdreader {

namespace {

bool isExpected(const ncnn::Mat& tensor, int channels, int pack) {
    return tensor.dims == 3 && tensor.elempack == pack && tensor.c * pack == channels &&
           tensor.elemsize == sizeof(float) * static_cast<size_t>(pack);
}

}  // namespace

OwnConvolution::OwnConvolution(const DirectKernels& kernels, bool mayUseWinograd)
    : ReplacedLayer(ncnn::LayerType::Convolution), kernels_(kernels), mayUseWinograd_(mayUseWinograd) {
    support_packing = true;
}

int OwnConvolution::load_param(const ncnn::ParamDict& params) {
    const std::optional<DirectShape> shape = directShapeOf(params, kernels_.width);
    if (!shape) return leaveToNcnn(params);
    shape_ = *shape;
    usesWinograd_ = mayUseWinograd_ && shape_.suitsWinograd();
    return 0;
}

int OwnConvolution::load_model(const ncnn::ModelBin& model) {
    if (ncnnLayer()) return ReplacedLayer::load_model(model);
    const ncnn::Mat weights = model.load(shape_.weights(), 0);
    if (weights.empty()) return kNoMemory;
    if (weights.elemsize != sizeof(float)) return kUnexpectedWeights;
    bias_ = shape_.hasBias ? model.load(shape_.outputs, 1) : ncnn::Mat(shape_.outputs);
    slopes_ = ncnn::Mat(shape_.outputs);
    weights_ = usesWinograd_ ? winogradWeights(shape_, kernels_.width, weights)
                             : directWeights(shape_, kernels_.width, weights);
    if (weights_.empty() || bias_.empty() || slopes_.empty()) return kNoMemory;
    if (!shape_.hasBias) bias_.fill(0.f);
    slopes_.fill(shape_.slope);
    return 0;
}

int OwnConvolution::forward(const ncnn::Mat& bottom, ncnn::Mat& top, const ncnn::Option& option) const {
    if (ncnnLayer()) return ReplacedLayer::forward(bottom, top, option);
    const Size size = shape_.targetOf({bottom.w, bottom.h});
    if (!isExpected(bottom, shape_.inputs, shape_.pack) || size.width < 1 || size.height < 1) {
        return kUnexpectedTensor;
    }
    const int width = kernels_.width;
    top.create(size.width, size.height, shape_.outputs / width, sizeof(float) * static_cast<size_t>(width),
               width, option.blob_allocator);
    if (top.empty()) return kNoMemory;
    const DirectWork work{kernels_, shape_, {weights_, bias_, slopes_}, bottom, top};
    const int parts = usesWinograd_ ? winogradBatches(work) : size.height;
    const size_t floats = usesWinograd_ ? winogradRoomFloats(work) : patchFloats(work);
    const int threads = std::clamp(option.num_threads, 1, parts);
    ncnn::Mat rooms;
    if (floats > 0) {
        rooms.create(static_cast<int>(floats), threads, sizeof(float), option.workspace_allocator);
        if (rooms.empty()) return kNoMemory;
    }
    const auto computePart = usesWinograd_ ? convolveBatch : convolveRow;
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int thread = 0; thread < threads; thread++) {
        float* const room = floats > 0 ? rooms.row(thread) : nullptr;
        const int end = static_cast<int>(int64_t{parts} * (thread + 1) / threads);
        for (int part = static_cast<int>(int64_t{parts} * thread / threads); part < end; part++) {
            computePart(work, part, room);
        }
    }
    return 0;
}

}  // namespace bdreader
