#pragma once

#include <ncnn/mat.h>
#include <ncnn/paramdict.h>

#include <climits>
#include <optional>
#include <vector>

#include "direct_kernels.h"
#include "tiling.h"

namespace bdreader {

/** A convolution as kernels of one length of vectors compute it. */
struct DirectShape {
    /** Channels of the layer's source and target. */
    int inputs = 0;
    int outputs = 0;
    Size kernel{0, 0};
    int stride = 1;
    /** Zeros around the source. */
    int padLeft = 0;
    int padRight = 0;
    int padTop = 0;
    int padBottom = 0;
    bool hasBias = false;
    /** What negative sums are multiplied with: 1 without an activation, 0 for ReLU. */
    float slope = 1;
    DirectLayout layout = DirectLayout::kPacked;
    /** Source channels that lie together. */
    int pack = 1;

    int taps() const { return kernel.width * kernel.height; }
    int weights() const { return inputs * outputs * taps(); }
    /** Whether it is one that Winograd's algorithm is for. */
    bool suitsWinograd() const {
        // Its weights are four times as many.
        return kernel.width == 3 && kernel.height == 3 && stride == 1 && layout == DirectLayout::kPacked &&
               weights() <= INT_MAX / 4;
    }
    Size targetOf(Size source) const;
};

/**
 * @param params of an ncnn Convolution
 * @param width of the kernels' vectors
 * @return nothing unless all target channels fill vectors, and its stride and activation are such that the
 * kernels take it
 */
std::optional<DirectShape> directShapeOf(const ncnn::ParamDict& params, int width);

/** @return vectors of target channels that are computed together, in order */
std::vector<int> directGroups(const DirectShape& shape, int width);

/**
 * @param weights as ncnn stores them: by target channel, source channel, row, column
 * @return the same by group, then as in DirectWeights; empty without memory
 */
ncnn::Mat directWeights(const DirectShape& shape, int width, const ncnn::Mat& weights);

}  // namespace bdreader
