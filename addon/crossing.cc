#include "crossing.h"

#include <algorithm>
#include <vector>

#include "failure.h"

namespace bdreader {

ncnn::Mat readRegion(ConstPixels image, Rect region, Edges edges, uint8_t& peak) {
    ncnn::Mat planes(region.width, region.height, kChannels);
    if (planes.empty()) throw Failure(FailureCode::kOutOfMemory, "no host memory for a tile's input");
    std::vector<int> columns(static_cast<size_t>(region.width));
    for (int x = 0; x < region.width; x++) {
        columns[static_cast<size_t>(x)] = indexInside(region.x + x, image.size.width, edges) * kChannels;
    }
    constexpr float kStep = 1.f / 255.f;
    for (int y = 0; y < region.height; y++) {
        const size_t row = static_cast<size_t>(indexInside(region.y + y, image.size.height, edges));
        const uint8_t* source = image.data + row * static_cast<size_t>(image.size.width) * kChannels;
        float* red = planes.channel(0).row(y);
        float* green = planes.channel(1).row(y);
        float* blue = planes.channel(2).row(y);
        for (int x = 0; x < region.width; x++) {
            const uint8_t* pixel = source + columns[static_cast<size_t>(x)];
            peak = std::max({peak, pixel[0], pixel[1], pixel[2]});
            red[x] = static_cast<float>(pixel[0]) * kStep;
            green[x] = static_cast<float>(pixel[1]) * kStep;
            blue[x] = static_cast<float>(pixel[2]) * kStep;
        }
    }
    return planes;
}

namespace {

uint8_t toByte(float value) {
    return static_cast<uint8_t>(std::min(std::max(value * 255.f + 0.5f, 0.f), 255.f));
}

/** A sum is not a number as soon as one of its terms is not; infinities of both signs give one too. */
bool hasInvalid(const float* values, int count) {
    float sum = 0.f;
    for (int i = 0; i < count; i++) sum += values[i] * 0.f;
    return sum != 0.f;
}

}  // namespace

uint8_t writeRegion(const ncnn::Mat& planes, Size crop, Pixels image, Rect target) {
    uint8_t peak = 0;
    for (int y = 0; y < target.height; y++) {
        const float* red = planes.channel(0).row(y + crop.height) + crop.width;
        const float* green = planes.channel(1).row(y + crop.height) + crop.width;
        const float* blue = planes.channel(2).row(y + crop.height) + crop.width;
        if (hasInvalid(red, target.width) || hasInvalid(green, target.width) ||
            hasInvalid(blue, target.width)) {
            throw Failure(FailureCode::kInternal, "expected finite pixels from the network, received others");
        }
        const size_t row = static_cast<size_t>(target.y + y) * static_cast<size_t>(image.size.width);
        uint8_t* out = image.data + (row + static_cast<size_t>(target.x)) * kChannels;
        for (int x = 0; x < target.width; x++) {
            out[x * kChannels] = toByte(red[x]);
            out[x * kChannels + 1] = toByte(green[x]);
            out[x * kChannels + 2] = toByte(blue[x]);
        }
        peak = std::max(peak, *std::max_element(out, out + target.width * kChannels));
    }
    return peak;
}

void addNearest(ncnn::Mat& planes, const ncnn::Mat& input, int scale, int inset) {
    for (int c = 0; c < kChannels; c++) {
        ncnn::Mat plane = planes.channel(c);
        const ncnn::Mat source = input.channel(c);
        for (int y = 0; y < plane.h; y++) {
            float* out = plane.row(y);
            const float* in = source.row(y / scale + inset) + inset;
            for (int x = 0; x < plane.w; x++) out[x] += in[x / scale];
        }
    }
}

}  // namespace bdreader
