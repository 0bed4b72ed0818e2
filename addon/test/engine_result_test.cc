#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "device_case.h"
#include "engine_fixture.h"

namespace bdreader::test {

namespace {

/** Sums in another order round the other way now and then. */
constexpr int kRounding = 1;

const Size kPage{150, 97};
constexpr int kWhole = 4096;

void tilesGiveTheWhole(Device device, TinyNetwork kind) {
    const TemporaryFolder folder;
    EngineFixture fixture(writeNetworkFor(device, kind, folder), {2, 1});
    const Image page = noise(kPage, 3);
    const Image whole = fixture.upscale(page, kWhole);
    for (const int tile : {32, 48, 100}) {
        EXPECT(largestDifference(fixture.upscale(page, tile), whole) <= kRounding);
    }
    // A result of one colour would be the same in tiles, too.
    EXPECT(largestDifference(whole, blank(whole.size)) > 64);
}

void residualTiles(Device device) {
    tilesGiveTheWhole(device, TinyNetwork::kResidual);
}

void pooledTiles(Device device) {
    tilesGiveTheWhole(device, TinyNetwork::kPooled);
}

/** The mean of a tile alone differs from that of the whole image: without the passes this would not hold. */
void poolsNeedTheWholeImage(Device device) {
    const TemporaryFolder folder;
    NetworkOptions options = writeNetworkFor(device, TinyNetwork::kPooled, folder);
    Image page = noise(kPage, 3);
    // One half is dark.
    std::fill(page.bytes.begin(), page.bytes.begin() + static_cast<std::ptrdiff_t>(page.bytes.size() / 2),
              uint8_t{0});
    EngineFixture fixture(options);
    const Image whole = fixture.upscale(page, kWhole);
    EXPECT(largestDifference(fixture.upscale(page, 48), whole) <= kRounding);
    options.globalPools.clear();
    EngineFixture local(options);
    EXPECT(largestDifference(local.upscale(page, 48), whole) > kRounding);
}

void tiniestImages(Device device) {
    const TemporaryFolder folder;
    EngineFixture fixture(writeNetworkFor(device, TinyNetwork::kResidual, folder));
    for (const Size size : {Size{1, 1}, Size{1, 40}, Size{40, 1}, Size{2, 3}, Size{33, 5}}) {
        const Image page = noise(size, 4);
        EXPECT(largestDifference(fixture.upscale(page, 32), fixture.upscale(page, kWhole)) <= kRounding);
    }
}

void edgesAreReplicated(Device device) {
    const TemporaryFolder folder;
    NetworkOptions options = writeNetworkFor(device, TinyNetwork::kResidual, folder);
    const Image page = noise({61, 50}, 5);
    EngineFixture mirrored(options);
    options.geometry.edges = Edges::kReplicate;
    EngineFixture replicated(options);
    const Image whole = replicated.upscale(page, kWhole);
    EXPECT(largestDifference(replicated.upscale(page, 32), whole) <= kRounding);
    EXPECT(largestDifference(mirrored.upscale(page, kWhole), whole) > kRounding);
}

void alignedTiles(Device device) {
    const TemporaryFolder folder;
    NetworkOptions options = writeNetworkFor(device, TinyNetwork::kPooled, folder);
    const Image page = noise({75, 53}, 6);
    options.geometry.alignment = 4;
    EngineFixture fixture(options);
    EXPECT(largestDifference(fixture.upscale(page, 32), fixture.upscale(page, kWhole)) <= kRounding);
}

void nearestIsAdded(Device device) {
    const TemporaryFolder folder;
    NetworkOptions options = writeNetworkFor(device, TinyNetwork::kBlack, folder);
    options.geometry.addsNearest = true;
    EngineFixture fixture(options);
    const Image page = noise({53, 41}, 7);
    const Image result = fixture.upscale(page, 32);
    for (int y = 0; y < result.size.height; y++) {
        for (int x = 0; x < result.size.width; x++) {
            for (int c = 0; c < kChannels; c++) EXPECT_EQUAL(result.at(x, y, c), page.at(x / 2, y / 2, c));
        }
    }
}

void severalThreadsShareOneEngine(Device device) {
    const TemporaryFolder folder;
    EngineFixture fixture(writeNetworkFor(device, TinyNetwork::kPooled, folder), {3, 1});
    std::vector<Image> pages;
    std::vector<Image> expected;
    for (int i = 0; i < 4; i++) {
        pages.push_back(noise({60 + 20 * i, 90 - 15 * i}, static_cast<uint32_t>(i)));
        expected.push_back(fixture.upscale(pages.back(), kWhole));
    }
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (size_t i = 0; i < pages.size(); i++) {
        threads.emplace_back([&, i] {
            for (int round = 0; round < 3; round++) {
                const int tile = 32 + 16 * round;
                if (largestDifference(fixture.upscale(pages[i], tile), expected[i]) > kRounding) wrong++;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQUAL(wrong.load(), 0);
    EXPECT_EQUAL(fixture.recorder().brokenPromises(), 0);
}

void twoEnginesAtOnce(Device device) {
    const TemporaryFolder folder;
    const TemporaryFolder other;
    EngineFixture first(writeNetworkFor(device, TinyNetwork::kResidual, folder), {2, 1});
    EngineFixture second(writeNetworkFor(device, TinyNetwork::kPooled, other), {2, 1});
    const Image page = noise(kPage, 8);
    const Image expectedFirst = first.upscale(page, kWhole);
    const Image expectedSecond = second.upscale(page, kWhole);
    Image one = doubled(page);
    Image two = doubled(page);
    const uint32_t firstId = first.begin(page, one, 32);
    const uint32_t secondId = second.begin(page, two, 32);
    first.finish(firstId);
    second.finish(secondId);
    EXPECT(largestDifference(one, expectedFirst) <= kRounding);
    EXPECT(largestDifference(two, expectedSecond) <= kRounding);
    EXPECT(largestDifference(one, two) > kRounding);
}

void dutyChangesNothingButTime(Device device) {
    const TemporaryFolder folder;
    const NetworkOptions options = writeNetworkFor(device, TinyNetwork::kResidual, folder);
    EngineFixture steady(options);
    EngineFixture resting(options, {2, 0.5});
    const Image page = noise({70, 70}, 9);
    EXPECT(largestDifference(resting.upscale(page, 32), steady.upscale(page, 32)) == 0);
}

REGISTER_DEVICE_CASE("results", "tiles give what the whole image gives", residualTiles);
REGISTER_DEVICE_CASE("results", "tiles of a network with a global pool give what the whole image gives",
                     pooledTiles);
REGISTER_DEVICE_CASE("results", "a pool over each tile alone gives something else", poolsNeedTheWholeImage);
REGISTER_DEVICE_CASE("results", "the tiniest images are upscaled", tiniestImages);
REGISTER_DEVICE_CASE("results", "edges are replicated where that is asked for", edgesAreReplicated);
REGISTER_DEVICE_CASE("results", "aligned tiles give what the whole image gives", alignedTiles);
REGISTER_DEVICE_CASE("results", "a network that gives only a residual gets the nearest pixel added",
                     nearestIsAdded);
REGISTER_DEVICE_CASE("results", "several threads share one engine", severalThreadsShareOneEngine);
REGISTER_DEVICE_CASE("results", "two engines work at once", twoEnginesAtOnce);
REGISTER_DEVICE_CASE("results", "rest between tiles changes nothing but time", dutyChangesNothingButTime);

}  // namespace

}  // namespace bdreader::test
