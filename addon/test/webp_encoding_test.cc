#include "../webp_encoding.h"

#include <atomic>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "check.h"

namespace bdreader::test {

namespace {

const std::atomic<bool> kWanted{false};

/** Pixels in memory that ends with the last of them, so that reading further is found. */
struct Pixels {
    Pixels(int width, int height, int channels, size_t gap, uint32_t seed)
        : source{nullptr, width, height, channels, rowBytes(width, channels) + gap},
          memory(static_cast<size_t>(height - 1) * source.stride + rowBytes(width, channels)) {
        std::mt19937 random(seed);
        for (uint8_t& value : memory) value = static_cast<uint8_t>(random());
        source.data = memory.data();
    }

    static size_t rowBytes(int width, int channels) {
        return static_cast<size_t>(width) * static_cast<size_t>(channels);
    }

    WebpSource source;
    std::vector<uint8_t> memory;
};

std::string bytesOf(const WebpFile& file) {
    return std::string(reinterpret_cast<const char*>(file.data.get()), file.size);
}

void expectWholeFile(const WebpFile& file) {
    EXPECT(file.size > 12);
    const std::string bytes = bytesOf(file);
    EXPECT_EQUAL(bytes.substr(0, 4), std::string("RIFF"));
    EXPECT_EQUAL(bytes.substr(8, 4), std::string("WEBP"));
    uint32_t size = 0;
    for (size_t i = 0; i < 4; i++) size |= static_cast<uint32_t>(file.data.get()[4 + i]) << (8 * i);
    EXPECT_EQUAL(static_cast<size_t>(size) + 8, file.size);
}

void anySizeAndStride() {
    std::mt19937 random(7);
    const auto upTo = [&random](uint32_t most) { return static_cast<int>(random() % most) + 1; };
    for (uint32_t i = 0; i < 150; i++) {
        const int channels = std::vector<int>{1, 3, 4}[i % 3];
        const Pixels pixels(upTo(70), upTo(70), channels, i % 5 == 0 ? static_cast<size_t>(upTo(40)) : 0, i);
        const WebpSettings settings{upTo(100), static_cast<int>(i % 7), i % 2 == 0, 1};
        expectWholeFile(encodeWebp(pixels.source, settings, kWanted));
    }
}

void gapsBetweenRowsAreNotRead() {
    for (const int channels : {1, 3, 4}) {
        const Pixels wide(33, 21, channels, 11, 5);
        Pixels tight(33, 21, channels, 0, 5);
        for (size_t y = 0; y < 21; y++) {
            std::memcpy(tight.memory.data() + y * tight.source.stride,
                        wide.memory.data() + y * wide.source.stride, tight.source.stride);
        }
        for (const bool lossless : {false, true}) {
            const WebpSettings settings{80, 2, lossless, 1};
            EXPECT(bytesOf(encodeWebp(wide.source, settings, kWanted)) ==
                   bytesOf(encodeWebp(tight.source, settings, kWanted)));
        }
    }
}

void greyIsWhatEqualChannelsAre() {
    const Pixels grey(77, 53, 1, 0, 3);
    Pixels colour(77, 53, 3, 0, 3);
    for (size_t i = 0; i < colour.memory.size(); i++) colour.memory[i] = grey.memory[i / 3];
    for (const bool lossless : {false, true}) {
        for (int effort = 0; effort <= 6; effort++) {
            const WebpSettings settings{90, effort, lossless, 1};
            EXPECT(bytesOf(encodeWebp(grey.source, settings, kWanted)) ==
                   bytesOf(encodeWebp(colour.source, settings, kWanted)));
        }
    }
}

/** Of sizes that bands of rows divide evenly and not, with an odd last row and column, too. */
void threadsChangeNothing() {
    for (const int channels : {1, 3, 4}) {
        for (const int height : {1, 127, 256, 385, 519}) {
            const Pixels pixels(67, height, channels, 5, 9);
            for (const bool lossless : {false, true}) {
                for (const int effort : {0, 2, 4}) {
                    const std::string alone =
                        bytesOf(encodeWebp(pixels.source, {90, effort, lossless, 1}, kWanted));
                    for (const int threads : {2, 3, 16}) {
                        EXPECT(bytesOf(encodeWebp(pixels.source, {90, effort, lossless, threads}, kWanted)) ==
                               alone);
                    }
                }
            }
        }
    }
}

void unwantedBefore() {
    const Pixels pixels(10, 10, 3, 0, 1);
    const std::atomic<bool> unwanted{true};
    EXPECT_FAILURE(FailureCode::kCancelled,
                   static_cast<void>(encodeWebp(pixels.source, {90, 0, false, 1}, unwanted)));
}

/** Whenever it comes, there is a whole file or none, and nothing is left in memory. */
void unwantedMeanwhile() {
    for (const bool lossless : {false, true}) {
        for (int i = 0; i < 12; i++) {
            const Pixels pixels(300, 300, i % 2 == 0 ? 3 : 4, 0, 1);
            std::atomic<bool> unwanted{false};
            std::thread other([&unwanted, i] {
                std::this_thread::sleep_for(std::chrono::milliseconds(i * 3));
                unwanted = true;
            });
            try {
                const WebpFile file = encodeWebp(pixels.source, {90, 4, lossless, 1 + i % 3}, unwanted);
                other.join();
                expectWholeFile(file);
            } catch (const Failure& failure) {
                other.join();
                EXPECT_EQUAL(failure.code(), FailureCode::kCancelled);
            }
        }
    }
}

void tooHigh() {
    const Pixels pixels(1, 16384, 1, 0, 1);
    EXPECT_FAILURE(FailureCode::kInternal,
                   static_cast<void>(encodeWebp(pixels.source, {90, 0, false, 1}, kWanted)));
}

void badSettings() {
    const Pixels pixels(1, 1, 3, 0, 1);
    EXPECT_FAILURE(FailureCode::kInternal,
                   static_cast<void>(encodeWebp(pixels.source, {101, 0, false, 1}, kWanted)));
}

REGISTER_CASE("webp encoding", "any size and stride gives a whole file", anySizeAndStride);
REGISTER_CASE("webp encoding", "bytes between two rows change nothing", gapsBetweenRowsAreNotRead);
REGISTER_CASE("webp encoding", "grey gives the bytes of three equal channels", greyIsWhatEqualChannelsAre);
REGISTER_CASE("webp encoding", "any number of threads gives the bytes of one", threadsChangeNothing);
REGISTER_CASE("webp encoding", "an image that is not wanted is not begun", unwantedBefore);
REGISTER_CASE("webp encoding", "an image that is given up at any time leaves nothing", unwantedMeanwhile);
REGISTER_CASE("webp encoding", "an image that is too high is refused", tooHigh);
REGISTER_CASE("webp encoding", "settings that libwebp does not know are refused", badSettings);

}  // namespace

}  // namespace bdreader::test
