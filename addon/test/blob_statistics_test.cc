#include "../blob_statistics.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "../network.h"
#include "check.h"
#include "image.h"
#include "tiny_network.h"

namespace bdreader::test {

namespace {

constexpr Size kPage{37, 29};
constexpr uint32_t kBins = 64;

/** Everything of the network's input, the surroundings of the image included. */
uint32_t sumOf(const BlobStatistics& statistics) {
    return std::accumulate(statistics.counts.begin(), statistics.counts.end(), 0U);
}

void peaksAndCounts() {
    const TemporaryFolder folder;
    const NetworkOptions options = writeNetwork(TinyNetwork::kResidual, folder);
    const Network network(options);
    Image page = noise(kPage, 5);
    // No zero, which is not counted.
    for (uint8_t& value : page.bytes) value = std::max<uint8_t>(value, 1);
    page.bytes[100] = 255;
    const auto observed = network.observeBlobs(page.view(), {{"in0", 1.F}, {"features", 0.F}}, kBins);
    EXPECT_EQUAL(observed.size(), size_t{2});
    EXPECT(observed[0].peak > 0.999F && observed[0].peak < 1.001F);
    const int around = 2 * options.geometry.context;
    EXPECT_EQUAL(sumOf(observed[0]),
                 static_cast<uint32_t>((kPage.width + around) * (kPage.height + around) * kChannels));
    EXPECT(observed[1].counts.empty() && observed[1].peak > 0);
}

void theBlackestNetworkHasNoPeak() {
    const TemporaryFolder folder;
    const Network network(writeNetwork(TinyNetwork::kBlack, folder));
    const auto observed = network.observeBlobs(noise(kPage, 6).view(), {{"features", 1.F}}, kBins);
    EXPECT_EQUAL(observed[0].peak, 0.F);
    EXPECT_EQUAL(sumOf(observed[0]), 0U);
}

void whatCannotBeObserved() {
    const TemporaryFolder folder;
    const Network network(writeNetwork(TinyNetwork::kPooled, folder));
    const Image page = noise(kPage, 7);
    const auto observe = [&](const char* name) {
        return network.observeBlobs(page.view(), {{name, 1.F}}, kBins);
    };
    EXPECT_FAILURE(FailureCode::kModelInvalid, observe("nowhere"));
    // One value a channel.
    EXPECT_FAILURE(FailureCode::kModelInvalid, observe("pooled"));
    const TemporaryFolder other;
    const Network broken(writeNetwork(TinyNetwork::kNotFinite, other));
    EXPECT_FAILURE(FailureCode::kInternal, broken.observeBlobs(page.view(), {{"features", 1.F}}, kBins));
}

REGISTER_CASE("blob statistics", "peaks and histograms hold every value", peaksAndCounts);
REGISTER_CASE("blob statistics", "zeros are not counted", theBlackestNetworkHasNoPeak);
REGISTER_CASE("blob statistics", "other blobs and invalid values are refused", whatCannotBeObserved);

}  // namespace

}  // namespace bdreader::test
