#pragma once

#include <ncnn/mat.h>

#include "direct_kernels.h"
#include "direct_shape.h"

namespace bdreader {

/** What a direct convolution of one tensor works with. */
struct DirectWork {
    const DirectKernels& kernels;
    const DirectShape& shape;
    DirectWeights weights;
    const ncnn::Mat& source;
    ncnn::Mat& target;
};

/** @return floats of the room that a thread needs for convolveRow; 0 if the layer does not pad */
size_t patchFloats(const DirectWork& work);

/** Computes row `y` of the target. @param patch room for patchFloats floats */
void convolveRow(const DirectWork& work, int y, float* patch);

}  // namespace bdreader
