#pragma once

#include <ncnn/mat.h>

#include "direct_shape.h"

namespace bdreader {

/**
 * @param weights of a 3x3 convolution as ncnn stores them: by target channel, source channel, row, column
 * @param width of the kernels' vectors
 * @return them transformed, in double precision: by group (see directGroups), product, source channel, target
 * channel; empty without memory
 */
ncnn::Mat winogradWeights(const DirectShape& shape, int width, const ncnn::Mat& weights);

}  // namespace bdreader
