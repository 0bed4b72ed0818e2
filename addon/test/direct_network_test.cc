#include <algorithm>

#include "../direct_kernels.h"
#include "../network.h"
#include "check.h"
#include "convolution_network.h"
#include "engine_fixture.h"

namespace bdreader::test {

namespace {

constexpr int kWhole = 4096;
/** The first and the middle layer of a network; the last one has 12 channels. */
constexpr int kDirect = 2;

NetworkOptions direct(NetworkOptions options, bool winograd = false) {
    if (!directKernelsOfCpu()) throw Skipped("the CPU has no vectors that there are kernels for");
    options.arithmetic.directConvolution = true;
    options.arithmetic.winograd = winograd;
    return options;
}

void pagesAreLikeNcnns() {
    const TemporaryFolder folder;
    for (const int channels : {16, 32, 64}) {
        for (const int pad : {0, 1}) {
            for (const int activation : {0, 1, 2}) {
                const NetworkOptions options = writeConvolutions({channels, 48, pad, activation}, folder);
                EngineFixture ncnns(options);
                EngineFixture own(direct(options));
                EngineFixture winograds(direct(options, true));
                EXPECT_EQUAL(ncnns.engine().network()->ownConvolutions(), 0);
                EXPECT_EQUAL(own.engine().network()->ownConvolutions(), kDirect);
                EXPECT_EQUAL(winograds.engine().network()->ownConvolutions(), kDirect);
                for (const Size size : {Size{1, 1}, Size{9, 40}, Size{33, 7}}) {
                    const Image page = noise(size, 1);
                    const Image expected = ncnns.upscale(page, kWhole);
                    EXPECT(largestDifference(own.upscale(page, kWhole), expected) <= 1);
                    EXPECT(largestDifference(winograds.upscale(page, kWhole), expected) <= 1);
                }
            }
        }
    }
}

void tilesAreLikeTheWholePage() {
    const TemporaryFolder folder;
    EngineOptions lanes;
    lanes.lanes = 2;
    for (const int pad : {0, 1}) {
        EngineFixture fixture(direct(writeConvolutions({32, 64, pad, 2}, folder)), lanes);
        const Image page = noise({131, 97}, 1);
        const Image whole = fixture.upscale(page, kWhole);
        for (const int tile : {32, 48, 72, 100}) EXPECT(fixture.upscale(page, tile).bytes == whole.bytes);
    }
}

void othersAreLeftToNcnn() {
    const TemporaryFolder folder;
    // Channels that fill no vector, and an activation of its own.
    for (const ConvolutionNetwork& network : {ConvolutionNetwork{12, 20, 1, 2}, {20, 36, 1, 4}}) {
        const NetworkOptions options = writeConvolutions(network, folder);
        EngineFixture own(direct(options));
        EXPECT_EQUAL(own.engine().network()->ownConvolutions(), 0);
        NetworkOptions plain = options;
        plain.arithmetic.winograd = false;
        const Image page = noise({40, 30}, 1);
        EXPECT(own.upscale(page, kWhole).bytes == EngineFixture(plain).upscale(page, kWhole).bytes);
    }
}

REGISTER_CASE("own convolutions on the CPU", "pages are like ncnn's", pagesAreLikeNcnns);
REGISTER_CASE("own convolutions on the CPU", "tiles are like the whole page, bit for bit",
              tilesAreLikeTheWholePage);
REGISTER_CASE("own convolutions on the CPU", "what the kernels do not take is left to ncnn",
              othersAreLeftToNcnn);

}  // namespace

}  // namespace bdreader::test
