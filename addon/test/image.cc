#include "image.h"

#include <algorithm>
#include <cstdlib>
#include <random>

namespace bdreader::test {

uint8_t Image::at(int x, int y, int channel) const {
    return bytes[(static_cast<size_t>(y) * static_cast<size_t>(size.width) + static_cast<size_t>(x)) *
                     kChannels +
                 static_cast<size_t>(channel)];
}

Image blank(Size size) {
    const size_t count = static_cast<size_t>(size.width) * static_cast<size_t>(size.height) * kChannels;
    return {size, std::vector<uint8_t>(count)};
}

Image noise(Size size, uint32_t seed) {
    Image image = blank(size);
    std::mt19937 random(seed);
    for (uint8_t& byte : image.bytes) byte = static_cast<uint8_t>(random() >> 24);
    return image;
}

int largestDifference(const Image& a, const Image& b) {
    if (a.bytes.size() != b.bytes.size()) return 256;
    int largest = 0;
    for (size_t i = 0; i < a.bytes.size(); i++) {
        largest = std::max(largest, std::abs(static_cast<int>(a.bytes[i]) - static_cast<int>(b.bytes[i])));
    }
    return largest;
}

}  // namespace bdreader::test
