#include "direct_shape.h"

#include <algorithm>

#include "convolution_params.h"

namespace bdreader {

namespace {

/** ncnn's tensors of fewer channels than fill a vector are packed by as many if they can be. */
constexpr int kSmallestPack = 4;

/** Whether the source comes in a layout that there are kernels for. */
bool findLayout(DirectShape& shape, int width) {
    if (shape.inputs % width == 0 && shape.stride == 1) {
        shape.layout = DirectLayout::kPacked;
        shape.pack = width;
        return true;
    }
    shape.layout = shape.stride == 1 ? DirectLayout::kPlanar : DirectLayout::kPlanarStride2;
    shape.pack = 1;
    return shape.inputs % kSmallestPack != 0;
}

}  // namespace

Size DirectShape::targetOf(Size source) const {
    const auto along = [&](int length, int side) { return length < side ? 0 : (length - side) / stride + 1; };
    return {along(source.width + padLeft + padRight, kernel.width),
            along(source.height + padTop + padBottom, kernel.height)};
}

std::optional<DirectShape> directShapeOf(const ncnn::ParamDict& params, int width) {
    DirectShape shape;
    shape.kernel.width = params.get(1, 0);
    shape.kernel.height = params.get(11, shape.kernel.width);
    shape.stride = params.get(3, 1);
    shape.padLeft = params.get(4, 0);
    shape.padRight = params.get(15, shape.padLeft);
    shape.padTop = params.get(14, shape.padLeft);
    shape.padBottom = params.get(16, shape.padTop);
    shape.hasBias = params.get(5, 0) != 0;
    shape.outputs = params.get(0, 0);
    const bool isDense = params.get(2, 1) == 1 && params.get(12, 1) == 1;
    // Negative numbers stand for paddings that depend on the source's size.
    const int leastPad = std::min({shape.padLeft, shape.padRight, shape.padTop, shape.padBottom});
    if (!isPlainConvolution(params) || !isDense || leastPad < 0 || shape.stride < 1 || shape.stride > 2 ||
        params.get(13, shape.stride) != shape.stride || shape.kernel.width < 1 || shape.kernel.height < 1) {
        return std::nullopt;
    }
    const std::optional<float> slope = slopeOf(params);
    const std::optional<int> inputs = inputsOf(params, int64_t{shape.kernel.width} * shape.kernel.height);
    if (!slope || !inputs || shape.outputs % width != 0) return std::nullopt;
    shape.slope = *slope;
    shape.inputs = *inputs;
    if (!findLayout(shape, width)) return std::nullopt;
    return shape;
}

std::vector<int> directGroups(const DirectShape& shape, int width) {
    std::vector<int> groups;
    for (int left = shape.outputs / width; left > 0; left -= groups.back()) {
        groups.push_back(std::min(left, kMostDirectVectors));
    }
    return groups;
}

ncnn::Mat directWeights(const DirectShape& shape, int width, const ncnn::Mat& weights) {
    ncnn::Mat ordered(shape.weights());
    if (ordered.empty()) return ordered;
    const auto taps = static_cast<size_t>(shape.taps());
    const float* const from = weights;
    float* to = ordered;
    int first = 0;
    for (const int vectors : directGroups(shape, width)) {
        const int past = first + vectors * width;
        for (int start = 0; start < shape.inputs; start += shape.pack) {
            for (size_t tap = 0; tap < taps; tap++) {
                for (int input = start; input < start + shape.pack; input++) {
                    for (int output = first; output < past; output++) {
                        const auto row = static_cast<size_t>(output) * static_cast<size_t>(shape.inputs) +
                                         static_cast<size_t>(input);
                        *to++ = from[row * taps + tap];
                    }
                }
            }
        }
        first = past;
    }
    return ordered;
}

}  // namespace bdreader
