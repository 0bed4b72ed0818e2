#pragma once

#include <cstddef>

namespace bdreader {

/** Pixels along a side of the block that one transform gives, and of the source pixels that it depends on. */
constexpr int kWinogradBlock = 4;
constexpr int kWinogradSide = kWinogradBlock + 2;
/** Products of transformed pixels and weights that make up a block. */
constexpr int kWinogradProducts = kWinogradSide * kWinogradSide;

/** Where a block of a vector of channels goes: as many of its pixels as lie in the target. */
struct WinogradTarget {
    float* pixels;
    /** In floats. */
    size_t rowStep;
    int width;
    int height;
    const float* bias;
    /** What negative sums are multiplied with. */
    const float* slopes;
};

/**
 * Transforms 6 x 6 source pixels of a vector of channels.
 *
 * @param rowStep floats from a row of pixels to the next
 * @param to 36 vectors
 * @param step floats from one of these to the next
 */
using WinogradInputTransform = void (*)(const float* pixels, size_t rowStep, float* to, size_t step);

/** Transforms 36 vectors of sums of products, `step` floats apart, back into a block of pixels. */
using WinogradOutputTransform = void (*)(const float* products, size_t step, const WinogradTarget& target);

}  // namespace bdreader
