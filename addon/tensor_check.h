#pragma once

#include <cstddef>

#include "tiling.h"

namespace bdreader {

/** How a tensor of ncnn is laid out, on the CPU or on a device. */
struct TensorShape {
    int dims = 0;
    int width = 0;
    int height = 0;
    int channels = 0;
    /** Channels stored side by side. */
    int packing = 0;
    size_t elementSize = 0;
};

/** @throws Failure kOutOfMemory for an empty tensor, kModelInvalid unless it is three unpacked planes of
 * `size` */
void checkPlanes(const TensorShape& shape, Size size);

}  // namespace bdreader
