#include "../crossing.h"

#include <cmath>
#include <limits>
#include <vector>

#include "check.h"
#include "image.h"

namespace bdreader::test {

namespace {

void bytesComeBackUnchanged() {
    // Every value, in every channel.
    Image image = blank({16, 16});
    for (size_t i = 0; i < image.bytes.size(); i++) image.bytes[i] = static_cast<uint8_t>(i / 3 + i % 3 * 85);
    uint8_t peak = 0;
    const ncnn::Mat planes = readRegion(image.view(), {0, 0, 16, 16}, Edges::kMirror, peak);
    EXPECT_EQUAL(peak, 255);
    Image back = blank({16, 16});
    EXPECT_EQUAL(writeRegion(planes, {0, 0}, back.target(), {0, 0, 16, 16}), 255);
    EXPECT(back.bytes == image.bytes);
}

void regionShowsWhatLiesOutside(Edges edges) {
    const Image image = noise({7, 5}, 1);
    const Rect region{-20, -9, 50, 40};
    uint8_t peak = 0;
    const ncnn::Mat planes = readRegion(image.view(), region, edges, peak);
    for (int c = 0; c < kChannels; c++) {
        for (int y = 0; y < region.height; y++) {
            for (int x = 0; x < region.width; x++) {
                const uint8_t expected =
                    image.at(indexInside(region.x + x, 7, edges), indexInside(region.y + y, 5, edges), c);
                EXPECT_EQUAL(std::lround(planes.channel(c).row(y)[x] * 255.f), static_cast<long>(expected));
            }
        }
    }
}

void peakIsRaisedOnly() {
    Image image = blank({4, 4});
    image.bytes[17] = 9;
    uint8_t peak = 3;
    readRegion(image.view(), {0, 0, 4, 4}, Edges::kMirror, peak);
    EXPECT_EQUAL(peak, 9);
    readRegion(image.view(), {0, 0, 1, 1}, Edges::kMirror, peak);
    EXPECT_EQUAL(peak, 9);
}

ncnn::Mat filled(Size size, float value) {
    ncnn::Mat planes(size.width, size.height, kChannels);
    planes.fill(value);
    return planes;
}

void writingStaysInsideItsTarget() {
    const Rect target{3, 2, 5, 4};
    Image image = blank({11, 9});
    EXPECT_EQUAL(writeRegion(filled({9, 8}, 1.f), {4, 4}, image.target(), target), 255);
    for (int y = 0; y < 9; y++) {
        for (int x = 0; x < 11; x++) {
            const bool isInside =
                x >= target.x && x < target.x + target.width && y >= target.y && y < target.y + target.height;
            for (int c = 0; c < kChannels; c++) EXPECT_EQUAL(image.at(x, y, c), isInside ? 255 : 0);
        }
    }
}

void cropSkipsColumnsAndRows() {
    ncnn::Mat planes = filled({6, 6}, 0.f);
    planes.channel(1).row(4)[3] = 1.f;
    Image image = blank({2, 2});
    writeRegion(planes, {3, 4}, image.target(), {0, 0, 2, 2});
    EXPECT_EQUAL(image.at(0, 0, 1), 255);
    EXPECT_EQUAL(image.at(1, 0, 1), 0);
    EXPECT_EQUAL(image.at(0, 0, 0), 0);
}

void valuesAreRoundedAndClamped() {
    const auto written = [](float value) {
        Image image = blank({1, 1});
        const uint8_t peak = writeRegion(filled({1, 1}, value), {0, 0}, image.target(), {0, 0, 1, 1});
        EXPECT_EQUAL(peak, image.bytes[0]);
        return image.bytes[0];
    };
    EXPECT_EQUAL(written(-1e30f), 0);
    EXPECT_EQUAL(written(1e30f), 255);
    EXPECT_EQUAL(written(100.4f / 255.f), 100);
    EXPECT_EQUAL(written(100.6f / 255.f), 101);
}

void valuesThatAreNoNumbersFail() {
    const float infinity = std::numeric_limits<float>::infinity();
    for (const float value : {std::numeric_limits<float>::quiet_NaN(), infinity, -infinity}) {
        for (int c = 0; c < kChannels; c++) {
            ncnn::Mat planes = filled({8, 8}, 0.5f);
            planes.channel(c).row(5)[7] = value;
            Image image = blank({8, 8});
            EXPECT_FAILURE(FailureCode::kInternal, writeRegion(planes, {0, 0}, image.target(), {0, 0, 8, 8}));
            // Outside of what is written it does not matter.
            writeRegion(planes, {0, 0}, image.target(), {0, 0, 7, 8});
        }
    }
}

void residualIsAddedToTheNearestPixel() {
    const int inset = 2;
    const int scale = 3;
    ncnn::Mat input = filled({9, 8}, 0.f);
    for (int c = 0; c < kChannels; c++) {
        for (int y = 0; y < 8; y++) {
            for (int x = 0; x < 9; x++) input.channel(c).row(y)[x] = static_cast<float>(c * 100 + y * 10 + x);
        }
    }
    ncnn::Mat planes = filled({(9 - 2 * inset) * scale, (8 - 2 * inset) * scale}, 1000.f);
    addNearest(planes, input, scale, inset);
    for (int c = 0; c < kChannels; c++) {
        for (int y = 0; y < planes.h; y++) {
            for (int x = 0; x < planes.w; x++) {
                const int expected = 1000 + c * 100 + (y / scale + inset) * 10 + x / scale + inset;
                EXPECT_EQUAL(planes.channel(c).row(y)[x], static_cast<float>(expected));
            }
        }
    }
}

REGISTER_CASE("crossing", "bytes come back from floats unchanged", bytesComeBackUnchanged);
REGISTER_CASE("crossing", "outside of the image lies its mirror",
              [] { regionShowsWhatLiesOutside(Edges::kMirror); });
REGISTER_CASE("crossing", "outside of the image lies its edge",
              [] { regionShowsWhatLiesOutside(Edges::kReplicate); });
REGISTER_CASE("crossing", "reading raises the peak and never lowers it", peakIsRaisedOnly);
REGISTER_CASE("crossing", "writing leaves what is outside of its target alone", writingStaysInsideItsTarget);
REGISTER_CASE("crossing", "the crop is skipped on the left and on the top", cropSkipsColumnsAndRows);
REGISTER_CASE("crossing", "values are rounded and clamped", valuesAreRoundedAndClamped);
REGISTER_CASE("crossing", "values that are no numbers are a failure", valuesThatAreNoNumbersFail);
REGISTER_CASE("crossing", "a residual is added to the nearest input pixel", residualIsAddedToTheNearestPixel);

}  // namespace

}  // namespace bdreader::test
