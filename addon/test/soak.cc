#include "soak.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "device_case.h"
#include "engine_fixture.h"

namespace bdreader::test {

namespace {

constexpr int kLines = 20;
constexpr double kMostGrowth = 1.1;

/** Sides of pages, in pixels. */
constexpr int kSmallestSide = 20;
constexpr int kLargestSide = 260;

/** As many as a reader asks for ahead. */
constexpr size_t kAtOnce = 3;

/**
 * ncnn keeps tensors for reuse on the CPU, about as many of them as were ever needed at once and each as
 * large as the largest. Beginning with the largest pages shows that size at once; what comes on top later is
 * lost memory.
 */
constexpr int kLargestPages = 8;

struct PageAtWork {
    Image input;
    Image output;
    uint32_t id = 0;
};

/** Pages of random sizes; the same for every run. */
class PageSource {
  public:
    Image next() {
        number_++;
        const int width = side(kSmallestSide);
        return noise({width, side(kSmallestSide)}, number_);
    }

    /** @return longest side of a tile for the page that next gave */
    int tile() { return side(kSmallestTile); }

  private:
    int side(int smallest) {
        const int drawn = std::uniform_int_distribution<int>(smallest, kLargestSide)(random_);
        return number_ <= kLargestPages ? kLargestSide : drawn;
    }

    std::mt19937 random_{20261122};
    uint32_t number_ = 0;
};

/** @return resident memory of this process in MiB */
double residentMb() {
    std::ifstream file("/proc/self/statm");
    long whole = 0;
    long resident = 0;
    if (!(file >> whole >> resident))
        throw Unexpected("expected /proc/self/statm to tell the resident memory");
    return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

void print(int page, double resident, const MemoryUse& device) {
    std::printf("page %d: %.1f MiB resident, tensors %u MiB, at most %u MiB\n", page, resident, device.heldMb,
                device.peakMb);
    std::fflush(stdout);
}

double largestOf(const std::vector<double>& samples, size_t begin, size_t end) {
    return *std::max_element(samples.begin() + static_cast<std::ptrdiff_t>(begin),
                             samples.begin() + static_cast<std::ptrdiff_t>(end));
}

void checkGrowth(const std::vector<double>& samples) {
    const size_t quarter = samples.size() / 4;
    const double first = largestOf(samples, 0, quarter);
    const double last = largestOf(samples, samples.size() - quarter, samples.size());
    std::printf("at most %.1f MiB in the first quarter, %.1f MiB in the last\n", first, last);
    if (last <= first * kMostGrowth) return;
    throw Unexpected(
        "expected at most a tenth more resident memory in the last quarter than in the first, received " +
        std::to_string(last) + " MiB after " + std::to_string(first));
}

}  // namespace

void soak(int pages, bool onVulkan) {
    const TemporaryFolder folder;
    const Device device = onVulkan ? Device::kVulkan : Device::kCpu;
    // One lane: how many tensors several ones need at once is a matter of chance.
    EngineFixture fixture(writeNetworkFor(device, TinyNetwork::kPooled, folder));
    PageSource source;
    std::vector<PageAtWork> atWork(kAtOnce);
    std::vector<double> samples;
    for (int page = 1; page <= pages; page++) {
        PageAtWork& slot = atWork[static_cast<size_t>(page) % kAtOnce];
        if (slot.id != 0) fixture.finish(slot.id);
        slot.input = source.next();
        slot.output = doubled(slot.input);
        slot.id = fixture.begin(slot.input, slot.output, source.tile());
        samples.push_back(residentMb());
        if (page % (pages / kLines) == 0) {
            print(page, samples.back(), fixture.engine().network()->memory());
        }
    }
    for (const PageAtWork& slot : atWork) fixture.finish(slot.id);
    checkGrowth(samples);
}

}  // namespace bdreader::test
