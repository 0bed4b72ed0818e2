// Included by one file for each length of vectors, which defines DIRECT_TARGET, an attribute that lets
// functions use its instructions, and Vector, which wraps them: kernels are the same but for that.
#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include "direct_kernels.h"
#include "vector_loops.h"
#include "winograd_kernel.h"

namespace bdreader {

namespace {

/** How far before their use weights are fetched, in floats: they come from the second cache, in one stream.
 */
constexpr int kAhead = 512;
constexpr int kCacheLine = 16;
/** Source channels in one round of the innermost loop: short enough for the cache of decoded instructions. */
constexpr int kMostTogether = 4;

/**
 * Each source value is loaded into all lanes once and multiplied with every vector of weights, so that there
 * is about one load for two multiplications, of which CPUs start two at a time.
 *
 * @tparam kPack source channels that lie together
 * @tparam kStep floats from a pixel to the next
 */
template <int kVectors, int kPixels, int kPack, int kStep>
DIRECT_TARGET void directKernel(const DirectSource& source, const DirectWeights& weights,
                                const DirectTarget& target) {
    // The channels of a tap, and the taps of a row, follow one another in the source as in the weights.
    constexpr int kTogether = kPack < kMostTogether ? kPack : kMostTogether;
    Vector::Type sums[kVectors][kPixels];
    DIRECT_UNROLL
    for (int v = 0; v < kVectors; v++) {
        const Vector::Type bias = Vector::load(weights.bias + v * Vector::kWidth);
        DIRECT_UNROLL
        for (int x = 0; x < kPixels; x++) sums[v][x] = bias;
    }
    const float* factors = weights.factors;
    for (int pack = 0; pack < source.packs; pack++) {
        for (int row = 0; row < source.rows; row++) {
            const float* values = source.pixels + static_cast<size_t>(pack) * source.packStep +
                                  static_cast<size_t>(row) * source.rowStep;
            const float* const end = values + source.rowLength;
            for (; values != end; values += kTogether) {
                DIRECT_UNROLL
                for (int channel = 0; channel < kTogether; channel++) {
                    Vector::Type factor[kVectors];
                    DIRECT_UNROLL
                    for (int v = 0; v < kVectors; v++) {
                        const int offset = v * Vector::kWidth;
                        if (offset % kCacheLine == 0) __builtin_prefetch(factors + kAhead + offset);
                        factor[v] = Vector::load(factors + offset);
                    }
                    DIRECT_UNROLL
                    for (int x = 0; x < kPixels; x++) {
                        const Vector::Type value = Vector::repeat(values[x * kStep + channel]);
                        DIRECT_UNROLL
                        for (int v = 0; v < kVectors; v++) {
                            sums[v][x] = Vector::multiplyAdd(value, factor[v], sums[v][x]);
                        }
                    }
                    factors += kVectors * Vector::kWidth;
                }
            }
        }
    }
    DIRECT_UNROLL
    for (int v = 0; v < kVectors; v++) {
        const Vector::Type slopes = Vector::load(weights.slopes + v * Vector::kWidth);
        float* const pixels = target.pixels + static_cast<size_t>(v) * target.vectorStep;
        DIRECT_UNROLL
        for (int x = 0; x < kPixels; x++) {
            Vector::store(pixels + x * Vector::kWidth, Vector::activate(sums[v][x], slopes));
        }
    }
}

template <int kVectors, int kPack, int kStep, int... kPixels>
constexpr auto kernelsByPixels(std::integer_sequence<int, kPixels...>) {
    return std::array<DirectKernel, sizeof...(kPixels)>{directKernel<kVectors, kPixels + 1, kPack, kStep>...};
}

using Row = std::array<DirectKernel, kMostPixels>;
using Pixels = std::make_integer_sequence<int, kMostPixels>;
constexpr std::array<Row, kDirectLayouts * kMostDirectVectors> kTable{
    kernelsByPixels<1, Vector::kWidth, Vector::kWidth>(Pixels{}),
    kernelsByPixels<2, Vector::kWidth, Vector::kWidth>(Pixels{}),
    kernelsByPixels<1, 1, 1>(Pixels{}),
    kernelsByPixels<2, 1, 1>(Pixels{}),
    kernelsByPixels<1, 1, 2>(Pixels{}),
    kernelsByPixels<2, 1, 2>(Pixels{}),
};
constexpr DirectKernels kKernels{Vector::kWidth, kMostPixels, transformInput, transformOutput,
                                 kTable[0].data()};

}  // namespace

}  // namespace bdreader
