#pragma once

#include <cstddef>

#include "winograd_kernels.h"

namespace bdreader {

/** What a kernel reads for pixels side by side: tensors as ncnn packs them, lengths in floats. */
struct DirectSource {
    /** The first tap of the first pixel, first channel. */
    const float* pixels;
    size_t rowStep;
    /** From a pack of channels to the next, and how many of these there are. */
    size_t packStep;
    int packs;
    /** Of the convolution's kernel: rows, and floats of all taps in one. */
    int rows;
    size_t rowLength;
};

/** Parameters of the vectors of channels that a kernel computes. */
struct DirectWeights {
    /** By pack of source channels, row, column, source channel in the pack, target channel. */
    const float* factors;
    const float* bias;
    /** What negative sums are multiplied with. */
    const float* slopes;
};

/** Where results go: pixels side by side, and floats from a vector of channels to the next. */
struct DirectTarget {
    float* pixels;
    size_t vectorStep;
};

/**
 * Computes some pixels side by side of one or two vectors of channels. Each sum starts with the bias and adds
 * products in the order of the weights, wherever the pixel lies and whatever else is computed.
 */
using DirectKernel = void (*)(const DirectSource&, const DirectWeights&, const DirectTarget&);

/** How source channels lie in memory. */
enum class DirectLayout {
    /** As many together as the vectors are long. */
    kPacked,
    /** One after another. */
    kPlanar,
    /** Likewise, where the convolution's stride is 2. */
    kPlanarStride2
};
constexpr int kDirectLayouts = 3;

constexpr int kMostDirectVectors = 2;

/** The kernels for one length of vectors. */
struct DirectKernels {
    /** Channels in a vector. */
    int width;
    /** Most pixels that a kernel computes: as many as their sums fit into registers. */
    int mostPixels;
    WinogradInputTransform transformInput;
    WinogradOutputTransform transformOutput;
    /** By layout, vectors and pixels, each from 0 for the first one. */
    const DirectKernel* table;

    DirectKernel at(DirectLayout layout, int vectors, int pixels) const {
        const int row = static_cast<int>(layout) * kMostDirectVectors + vectors - 1;
        return table[row * mostPixels + pixels - 1];
    }
};

/** Kernels for instructions that a CPU may have; null where they are not compiled. The caller looks at the
 * CPU. */
const DirectKernels* directKernelsOfAvx512();
const DirectKernels* directKernelsOfAvx2();

/**
 * @return those for the vectors that ncnn packs channels into on this CPU; null: it has none that the addon
 * has kernels for
 */
const DirectKernels* directKernelsOfCpu();

}  // namespace bdreader
