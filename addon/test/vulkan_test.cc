#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "../gpu_instance.h"
#include "../shader_compiler.h"
#include "../vulkan_shaders.h"
#include "device_case.h"
#include "engine_fixture.h"
#include "machine.h"

namespace bdreader::test {

namespace {

constexpr size_t kMiB = size_t{1} << 20;
constexpr int kWhole = 4096;

NetworkOptions writeForVulkan(TinyNetwork kind, const TemporaryFolder& folder) {
    return writeNetworkFor(Device::kVulkan, kind, folder);
}

void bothDevicesAgree() {
    const TemporaryFolder folder;
    NetworkOptions options = writeForVulkan(TinyNetwork::kPooled, folder);
    const Image page = noise({101, 77}, 1);
    const Image onVulkan = EngineFixture(options).upscale(page, 48);
    options.deviceIndex = -1;
    EXPECT(largestDifference(EngineFixture(options).upscale(page, 48), onVulkan) <= 1);
}

/** Some drivers compute it as of unsigned numbers, software devices as one would expect: no picture here
 * shows it. */
void noRemainderOfSignedNumbers() {
    vulkanDevice();
    constexpr uint32_t kSignedRemainder = 138, kSignedModulo = 139, kUnsignedModulo = 137;
    constexpr size_t kHeaderWords = 5;
    const ShaderCacheFile::Words words = compileShader(shaders::kUnpack, {});
    int unsignedOnes = 0;
    for (size_t i = kHeaderWords; i < words.size();) {
        const uint32_t instruction = words[i] & 0xffffu, length = words[i] >> 16;
        EXPECT(instruction != kSignedRemainder && instruction != kSignedModulo && length > 0);
        unsignedOnes += instruction == kUnsignedModulo;
        i += length;
    }
    EXPECT(unsignedOnes > 0);
}

void lostDeviceFailsEverything() {
    const TemporaryFolder folder;
    NetworkOptions options = writeForVulkan(TinyNetwork::kResidual, folder);
    options.loseDeviceAfter = 3;
    EngineFixture losing(options, {2, 1});
    const Image page = noise({128, 512}, 1);
    std::vector<Image> outputs(3, doubled(page));
    std::vector<uint32_t> ids;
    for (Image& output : outputs) ids.push_back(losing.begin(page, output, 32));
    for (const uint32_t id : ids) EXPECT_EQUAL(losing.failureOf(id), FailureCode::kGpuLost);
    EXPECT_EQUAL(losing.failureOf(losing.begin(page, outputs[0], 32)), FailureCode::kGpuLost);
    options.loseDeviceAfter = 0;
    EngineFixture next(options);
    next.upscale(noise({40, 40}, 2), 32);
}

void cappedMemoryMakesSmallerTiles() {
    const TemporaryFolder folder;
    NetworkOptions options = writeForVulkan(TinyNetwork::kResidual, folder);
    const Image page = noise({300, 360}, 1);
    EngineFixture free(options);
    const Image expected = free.upscale(page, kWhole);
    const MemoryUse used = free.engine().network()->memory();
    EXPECT(used.peakMb > 8);
    options.maxMemoryBytes = 8 * kMiB;
    EngineFixture capped(options);
    Image output = doubled(page);
    const int tile = capped.finish(capped.begin(page, output, kWhole));
    EXPECT(tile < 360);
    EXPECT(largestDifference(output, expected) <= 1);
    EXPECT(capped.engine().network()->memory().peakMb <= 8);
}

/** Each lane fits into half of the cap with small tiles, but not with what it kept from larger ones. */
void lanesShareACap() {
    const TemporaryFolder folder;
    NetworkOptions options = writeForVulkan(TinyNetwork::kResidual, folder);
    options.maxMemoryBytes = 8 * kMiB;
    const Image page = noise({260, 260}, 1);
    for (int round = 0; round < 10; round++) {
        EngineFixture fixture(options, {2, 1});
        fixture.upscale(page, kWhole);
        fixture.upscale(page, kWhole);
    }
}

void tooLittleMemoryIsAFailure() {
    const TemporaryFolder folder;
    NetworkOptions options = writeForVulkan(TinyNetwork::kPooled, folder);
    options.maxMemoryBytes = 1000;
    EngineFixture fixture(options, {2, 1});
    EXPECT_FAILURE(FailureCode::kOutOfMemory, fixture.upscale(noise({300, 200}, 1), kWhole));
    EXPECT_FAILURE(FailureCode::kOutOfMemory, fixture.upscale(noise({20, 20}, 1), kWhole));
    EXPECT_EQUAL(fixture.engine().network()->memory().heldMb, 0u);
}

/** Upscales into pinned memory. @return the result, copied */
Image upscalePinned(EngineFixture& fixture, const Image& page) {
    Image result = doubled(page);
    const std::shared_ptr<PinnedOutputs> outputs = fixture.engine().network()->pinnedOutputs();
    EXPECT(outputs != nullptr);
    uint8_t* data = outputs->allocate(result.bytes.size());
    EXPECT(data != nullptr);
    UpscaleJob job;
    job.id = 1'000'000;
    job.task = {page.view(), {data, result.size}, kWhole};
    fixture.engine().submit(job);
    fixture.finish(job.id);
    std::copy(data, data + result.bytes.size(), result.bytes.begin());
    outputs->release(data);
    return result;
}

void pinnedOutputIsTheSame() {
    const TemporaryFolder folder;
    const NetworkOptions options = writeForVulkan(TinyNetwork::kResidual, folder);
    // Rows of a multiple of four pixels are written by the device itself, others are copied.
    for (const Size size : {Size{64, 31}, Size{61, 31}}) {
        const Image page = noise(size, 1);
        EngineFixture fixture(options);
        EXPECT(upscalePinned(fixture, page).bytes == fixture.upscale(page, kWhole).bytes);
    }
}

void halfPrecisionIsClose() {
    const TemporaryFolder folder;
    NetworkOptions options = writeForVulkan(TinyNetwork::kPooled, folder);
    const Image page = noise({90, 60}, 1);
    const Image exact = EngineFixture(options).upscale(page, 48);
    options.arithmetic.fp16Storage = true;
    EXPECT(largestDifference(EngineFixture(options).upscale(page, 48), exact) <= 4);
}

void networkIsTimed() {
    const TemporaryFolder folder;
    Network network(writeForVulkan(TinyNetwork::kResidual, folder));
    const std::vector<double> milliseconds = network.timeNetwork({64, 48}, 3);
    EXPECT_EQUAL(milliseconds.size(), size_t{3});
    for (const double time : milliseconds) EXPECT(time > 0);
    Network onCpu(writeNetwork(TinyNetwork::kResidual, folder));
    EXPECT_FAILURE(FailureCode::kDeviceUnavailable, onCpu.timeNetwork({64, 48}, 1));
}

bool exists(const std::string& path) {
    struct stat status{};
    return stat(path.c_str(), &status) == 0;
}

void compiledShadersAreKept() {
    const TemporaryFolder folder;
    NetworkOptions options = writeForVulkan(TinyNetwork::kResidual, folder);
    options.pipelineCachePath = folder.file("shaders.cache");
    const Image page = noise({40, 40}, 1);
    const Image expected = EngineFixture(options).upscale(page, 32);
    EXPECT(exists(options.pipelineCachePath));
    for (const char* content : {"", "damaged",
                                "\x7f"
                                "ELF and more than a header's worth of other things, by far"}) {
        writeFile(options.pipelineCachePath, content);
        EXPECT(EngineFixture(options).upscale(page, 32).bytes == expected.bytes);
    }
    options.pipelineCachePath = folder.file("no such folder/shaders.cache");
    EXPECT(EngineFixture(options).upscale(page, 32).bytes == expected.bytes);
}

void networksAreLoadedAtOnce() {
    const TemporaryFolder folder;
    const NetworkOptions options = writeForVulkan(TinyNetwork::kPooled, folder);
    struct stat before{};
    EXPECT_EQUAL(fstat(2, &before), 0);
    std::atomic<int> failed{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++) {
        threads.emplace_back([&, i] {
            try {
                NetworkOptions own = options;
                own.pipelineCachePath = folder.file("cache" + std::to_string(i));
                for (int round = 0; round < 3; round++) Network{own};
            } catch (const Failure&) {
                failed++;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQUAL(failed.load(), 0);
    struct stat after{};
    EXPECT_EQUAL(fstat(2, &after), 0);
    // Lines are held back while a network is loaded; standard error must be what it was afterwards.
    EXPECT(before.st_dev == after.st_dev && before.st_ino == after.st_ino);
}

void devicesAreDescribed() {
    const int index = vulkanDevice();
    const std::vector<DeviceInfo> devices = listDevices();
    EXPECT(static_cast<size_t>(index) < devices.size());
    EXPECT(!devices[0].name.empty() && !devices[0].driver.empty() && devices[0].memoryMb > 0);
    EXPECT_EQUAL(devices[0].uuid.size(), size_t{32});
    EXPECT(openDevice(-1) == nullptr && openDevice(99) == nullptr);
    const ncnn::VulkanDevice* device = openDevice(index);
    EXPECT(device != nullptr);
    EXPECT(heapUse(*device).budgetBytes > 0);
}

REGISTER_CASE("Vulkan", "devices are described", devicesAreDescribed);
REGISTER_CASE("Vulkan", "the CPU and Vulkan agree", bothDevicesAgree);
REGISTER_CASE("Vulkan", "pixels are mirrored without remainders of signed numbers",
              noRemainderOfSignedNumbers);
REGISTER_CASE("Vulkan", "a lost device fails every job of its engine and of no other",
              lostDeviceFailsEverything);
REGISTER_CASE("Vulkan", "a cap on memory makes tiles smaller, not the result other",
              cappedMemoryMakesSmallerTiles);
REGISTER_CASE("Vulkan", "lanes that share a cap make room for each other", lanesShareACap);
REGISTER_CASE("Vulkan", "too little memory for the smallest tile is a failure", tooLittleMemoryIsAFailure);
REGISTER_CASE("Vulkan", "output in pinned memory is the same", pinnedOutputIsTheSame);
REGISTER_CASE("Vulkan", "numbers of half the size give nearly the same", halfPrecisionIsClose);
REGISTER_CASE("Vulkan", "a network is timed on its own", networkIsTimed);
REGISTER_CASE("Vulkan", "compiled shaders are kept, and a damaged file is ignored", compiledShadersAreKept);
REGISTER_CASE("Vulkan", "networks are loaded at once, and standard error stays what it was",
              networksAreLoadedAtOnce);

}  // namespace

}  // namespace bdreader::test
