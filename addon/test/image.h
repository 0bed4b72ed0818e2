#pragma once

#include <cstdint>
#include <vector>

#include "../tile_task.h"

namespace bdreader::test {

/** An image that owns its bytes; exactly as many as it has, so that a sanitizer sees every step beyond. */
struct Image {
    Size size;
    std::vector<uint8_t> bytes;

    ConstPixels view() const { return {bytes.data(), size}; }
    Pixels target() { return {bytes.data(), size}; }
    uint8_t at(int x, int y, int channel) const;
};

Image blank(Size size);

/** Random bytes; the same for the same seed. */
Image noise(Size size, uint32_t seed);

/** @return the largest difference of two images of one size; 256 when the sizes differ */
int largestDifference(const Image& a, const Image& b);

}  // namespace bdreader::test
