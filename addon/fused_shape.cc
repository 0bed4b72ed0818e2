#include "fused_shape.h"

#include <ncnn/layer_type.h>

#include "convolution_params.h"

namespace bdreader {

namespace {

constexpr int kMostBlocksOut = 4;
/** Fewer would be filled up with zeros for the most part. */
constexpr int kFewestChannels = 12;

int divideUp(int value, int divisor) {
    return (value + divisor - 1) / divisor;
}

bool isWorthwhile(int channels) {
    return channels % kFusedPack == 0 && channels >= kFewestChannels;
}

/** As isPlainConvolution: more rows and columns, a size to crop to, weights as an input. */
bool isPlainDeconvolution(const ncnn::ParamDict& params) {
    return params.get(7, 1) == 1 && areEqual(params, 0, {18, 19, 20, 21, 28});
}

std::optional<FusedShape> kernelOf(int typeIndex, const ncnn::ParamDict& params) {
    const int kernel = params.get(1, 0);
    const int dilation = params.get(2, 1);
    const int stride = params.get(3, 1);
    const int pad = params.get(4, 0);
    // Each, if it is not named, is as the one before it.
    if (!areEqual(params, kernel, {11}) || !areEqual(params, stride, {13}) ||
        !areEqual(params, pad, {14, 15, 16}) || dilation != 1 || params.get(12, 1) != 1) {
        return std::nullopt;
    }
    FusedShape shape;
    shape.kernel = kernel;
    if (typeIndex == ncnn::LayerType::Convolution && isPlainConvolution(params)) {
        shape.pad = pad;
        if (kernel == 3 && stride == 1 && (pad == 0 || pad == 1)) return shape;
    }
    if (typeIndex == ncnn::LayerType::Deconvolution && isPlainDeconvolution(params)) {
        shape.kernel = kernel / 2;
        shape.spread = 2;
        shape.pad = shape.kernel - 1;
        shape.cut = pad;
        if ((kernel == 2 || kernel == 4) && stride == 2 && pad >= 0 && pad < kernel) return shape;
    }
    return std::nullopt;
}

}  // namespace

int FusedShape::channelGroups() const {
    return divideUp(divideUp(outputs, kFusedBlock), kMostBlocksOut / spread);
}

int FusedShape::blocksPerTargetPixel() const {
    return divideUp(divideUp(outputs, kFusedBlock), channelGroups());
}

std::optional<FusedShape::Result> FusedShape::resultAt(int group, int number) const {
    const int perPixel = packsTarget() ? blocksPerTargetPixel() * kFusedBlock : outputs;
    const int pixel = number / perPixel;
    Result result{number % perPixel, pixel % spread, pixel / spread};
    if (packsTarget()) {
        result.channel += group / spread * perPixel;
        result.y = group % spread;
    }
    if (result.channel >= outputs || result.y >= spread) return std::nullopt;
    return result;
}

Size FusedShape::targetOf(Size source) const {
    const auto along = [&](int length) { return (length + 2 * pad - kernel + 1) * spread - 2 * cut; };
    return {along(source.width), along(source.height)};
}

std::optional<FusedShape> fusedShapeOf(int typeIndex, const ncnn::ParamDict& params) {
    std::optional<FusedShape> shape = kernelOf(typeIndex, params);
    const std::optional<float> slope = slopeOf(params);
    if (!shape || !slope) return std::nullopt;
    shape->slope = *slope;
    shape->hasBias = params.get(5, 0) != 0;
    shape->outputs = params.get(0, 0);
    const std::optional<int> inputs = inputsOf(params, int64_t{shape->side()} * shape->side());
    if (!inputs) return std::nullopt;
    shape->inputs = *inputs;
    const bool fitsOneBlock = !shape->packsTarget() && shape->outputs * shape->targetPixels() <= kFusedBlock;
    if (!isWorthwhile(shape->inputs) || !(isWorthwhile(shape->outputs) || fitsOneBlock)) return std::nullopt;
    return shape;
}

}  // namespace bdreader
