#pragma once

#include <ncnn/paramdict.h>

#include <cstdint>
#include <optional>

namespace bdreader {

/** Whether the parameter and its like for rows and for the far sides are all the same. */
template <size_t kCount>
bool areEqual(const ncnn::ParamDict& params, int value, const int (&others)[kCount]) {
    for (const int other : others) {
        if (params.get(other, value) != value) return false;
    }
    return true;
}

/**
 * @return whether nothing makes a convolution another kind of layer: groups, int8 weights, a value to pad
 * with, weights as an input
 */
bool isPlainConvolution(const ncnn::ParamDict& params);

/**
 * @return what a convolution's or a deconvolution's activation multiplies negative sums with: 1 without one,
 * 0 for ReLU; nothing for other activations
 */
std::optional<float> slopeOf(const ncnn::ParamDict& params);

/** @return source channels by the number of weights, which make up `taps` for each pair of channels */
std::optional<int> inputsOf(const ncnn::ParamDict& params, int64_t taps);

}  // namespace bdreader
