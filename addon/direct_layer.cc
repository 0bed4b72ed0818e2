#include "direct_layer.h"

#include <ncnn/layer_type.h>

#include <algorithm>
#include <optional>

#include "direct_rows.h"

namespace bdreader {

namespace {

bool isExpected(const ncnn::Mat& tensor, int channels, int pack) {
    return tensor.dims == 3 && tensor.elempack == pack && tensor.c * pack == channels &&
           tensor.elemsize == sizeof(float) * static_cast<size_t>(pack);
}

}  // namespace

DirectLayer::DirectLayer(const DirectKernels& kernels, bool usesWinograd)
    : ReplacedLayer(ncnn::LayerType::Convolution), kernels_(kernels), usesWinograd_(usesWinograd) {
    support_packing = true;
}

int DirectLayer::load_param(const ncnn::ParamDict& params) {
    const std::optional<DirectShape> shape = directShapeOf(params, kernels_.width);
    if (!shape ||
        (usesWinograd_ && shape->suitsWinograd() && shape->inputs > kernels_.mostPairs / shape->outputs)) {
        return leaveToNcnn(params);
    }
    shape_ = *shape;
    return 0;
}

int DirectLayer::load_model(const ncnn::ModelBin& model) {
    if (ncnnLayer()) return ReplacedLayer::load_model(model);
    const ncnn::Mat weights = model.load(shape_.weights(), 0);
    if (weights.empty()) return kNoMemory;
    if (weights.elemsize != sizeof(float)) return kUnexpectedWeights;
    bias_ = shape_.hasBias ? model.load(shape_.outputs, 1) : ncnn::Mat(shape_.outputs);
    slopes_ = ncnn::Mat(shape_.outputs);
    weights_ = directWeights(shape_, kernels_.width, weights);
    if (weights_.empty() || bias_.empty() || slopes_.empty()) return kNoMemory;
    if (!shape_.hasBias) bias_.fill(0.f);
    slopes_.fill(shape_.slope);
    return 0;
}

int DirectLayer::forward(const ncnn::Mat& bottom, ncnn::Mat& top, const ncnn::Option& option) const {
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
    const int threads = std::clamp(option.num_threads, 1, size.height);
    const size_t patch = patchFloats(work);
    ncnn::Mat patches;
    if (patch > 0) {
        patches.create(static_cast<int>(patch), threads, sizeof(float), option.workspace_allocator);
        if (patches.empty()) return kNoMemory;
    }
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int thread = 0; thread < threads; thread++) {
        float* const own = patch > 0 ? patches.row(thread) : nullptr;
        const int end = size.height * (thread + 1) / threads;
        for (int y = size.height * thread / threads; y < end; y++) convolveRow(work, y, own);
    }
    return 0;
}

}  // namespace bdreader
