#include "convolution_params.h"

namespace bdreader {

bool isPlainConvolution(const ncnn::ParamDict& params) {
    return params.get(7, 1) == 1 && params.get(8, 0) == 0 && params.get(18, 0.f) == 0.f &&
           params.get(19, 0) == 0;
}

std::optional<float> slopeOf(const ncnn::ParamDict& params) {
    const int activation = params.get(9, 0);
    const ncnn::Mat slopes = params.get(10, ncnn::Mat());
    if (activation < 0 || activation > 2 || (activation == 2 && slopes.w < 1)) return std::nullopt;
    return activation == 0 ? 1.f : activation == 1 ? 0.f : slopes[0];
}

std::optional<int> inputsOf(const ncnn::ParamDict& params, int64_t taps) {
    const int weights = params.get(6, 0);
    // In 64 bits: a file may name any number of channels.
    const int64_t perInput = taps * params.get(0, 0);
    if (perInput <= 0 || weights <= 0 || weights % perInput != 0) return std::nullopt;
    return static_cast<int>(weights / perInput);
}

}  // namespace bdreader
