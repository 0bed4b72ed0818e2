#include <atomic>
#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
#include <thread>
#include <vector>

#include "device_case.h"
#include "engine_fixture.h"

namespace bdreader::test {

namespace {

const Size kLongPage{128, 1024};

void cancelledWhileRunning(Device device) {
    const TemporaryFolder folder;
    EngineFixture fixture(writeNetworkFor(device, TinyNetwork::kResidual, folder), {2, 1});
    const Image page = noise(kLongPage, 1);
    Image output = doubled(page);
    const uint32_t id = fixture.begin(page, output, 32);
    fixture.recorder().waitForTile();
    fixture.engine().cancel(id);
    EXPECT_EQUAL(fixture.failureOf(id), FailureCode::kCancelled);
    // Once it is finished nobody writes to it: the engine works on with other memory.
    output = Image();
    fixture.upscale(noise({40, 40}, 2), 32);
    fixture.engine().cancel(id);
    fixture.engine().cancel(12345);
}

void cancelledWhileQueued(Device device) {
    const TemporaryFolder folder;
    EngineFixture fixture(writeNetworkFor(device, TinyNetwork::kResidual, folder));
    const Image page = noise(kLongPage, 1);
    Image first = doubled(page);
    Image second = doubled(page);
    const uint32_t running = fixture.begin(page, first, 32, 1);
    const uint32_t queued = fixture.begin(page, second, 32);
    fixture.engine().cancel(queued);
    EXPECT_EQUAL(fixture.failureOf(queued), FailureCode::kCancelled);
    second = Image();
    fixture.engine().cancel(running);
    EXPECT_EQUAL(fixture.failureOf(running), FailureCode::kCancelled);
}

void closedWhileRunning(Device device) {
    const TemporaryFolder folder;
    EngineFixture fixture(writeNetworkFor(device, TinyNetwork::kPooled, folder), {2, 1});
    const Image page = noise(kLongPage, 1);
    std::vector<Image> outputs(3, doubled(page));
    std::vector<uint32_t> ids;
    for (Image& output : outputs) ids.push_back(fixture.begin(page, output, 32));
    fixture.recorder().waitForTile();
    fixture.engine().beginClose();
    fixture.engine().beginClose();
    for (const uint32_t id : ids) EXPECT_EQUAL(fixture.failureOf(id), FailureCode::kCancelled);
    fixture.recorder().waitForClose();
    fixture.engine().join();
    EXPECT_EQUAL(fixture.recorder().closed(), 1);
    EXPECT(fixture.engine().network() == nullptr);
    EXPECT_FAILURE(FailureCode::kInternal, fixture.begin(page, outputs[0], 32));
}

/** Takes its time over every job that is finished, and notes what comes after the engine has closed. */
class SlowListener final : public EngineListener {
  public:
    void onTile(uint32_t, const JobProgress&) override { noteCall(); }
    void onFinished(uint32_t, JobOutcome) override {
        // Long enough for lanes that have nothing left to do to end meanwhile.
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        noteCall();
    }
    void onClosed() override { isClosed_ = true; }

    int callsAfterClose() const { return callsAfterClose_; }

  private:
    void noteCall() {
        if (isClosed_) callsAfterClose_++;
    }

    std::atomic<bool> isClosed_{false};
    std::atomic<int> callsAfterClose_{0};
};

void closingIsTheLastThing(Device device) {
    const TemporaryFolder folder;
    const NetworkOptions options = writeNetworkFor(device, TinyNetwork::kResidual, folder);
    const Image page = noise({64, 64}, 1);
    SlowListener listener;
    {
        Engine engine(std::make_shared<Network>(options), {2, 1}, listener);
        std::vector<Image> outputs(8, doubled(page));
        UpscaleJob job;
        for (Image& output : outputs) {
            job.id++;
            job.task = {page.view(), output.target(), 32};
            engine.submit(job);
        }
        engine.beginClose();
        engine.join();
    }
    EXPECT_EQUAL(listener.callsAfterClose(), 0);
}

void loadedAndClosedManyTimes(Device device) {
    const TemporaryFolder folder;
    const NetworkOptions options = writeNetworkFor(device, TinyNetwork::kPooled, folder);
    const Image page = noise({40, 50}, 1);
    Image expected;
    for (int round = 0; round < 50; round++) {
        EngineFixture fixture(options, {2, 1});
        const Image result = fixture.upscale(page, 32);
        if (round == 0) expected = result;
        EXPECT(largestDifference(result, expected) == 0);
    }
}

void urgentJobsGoFirst(Device device) {
    const TemporaryFolder folder;
    EngineFixture fixture(writeNetworkFor(device, TinyNetwork::kResidual, folder));
    const Image page = noise({64, 256}, 1);
    std::vector<Image> outputs(4, doubled(page));
    // The first keeps the only lane busy while the others arrive.
    const uint32_t patient = fixture.begin(page, outputs[0], 32, -1);
    const uint32_t ordinary = fixture.begin(page, outputs[1], 32, 0);
    const uint32_t urgent = fixture.begin(page, outputs[2], 32, 5);
    const uint32_t raised = fixture.begin(page, outputs[3], 32, -5);
    fixture.engine().prioritize(raised, 9);
    fixture.engine().prioritize(12345, 9);
    for (const uint32_t id : {patient, ordinary, urgent, raised}) fixture.finish(id);
    EXPECT(fixture.recorder().finishedOrder() == std::vector<uint32_t>({raised, urgent, ordinary, patient}));
}

void jobsAreBounded(Device device) {
    const TemporaryFolder folder;
    EngineFixture fixture(writeNetworkFor(device, TinyNetwork::kResidual, folder));
    const Image page = noise(kLongPage, 1);
    Image output = doubled(page);
    // All write the same bytes to the same place, one after another: there is one lane.
    const uint32_t first = fixture.begin(page, output, 32);
    UpscaleJob twin;
    twin.id = first;
    twin.task = {page.view(), output.target(), 32};
    EXPECT_FAILURE(FailureCode::kInternal, fixture.engine().submit(twin));
    EXPECT_FAILURE(FailureCode::kInternal, {
        for (int i = 0; i < 257; i++) fixture.begin(page, output, 32);
    });
    fixture.engine().beginClose();
    fixture.engine().join();
    EXPECT_EQUAL(fixture.recorder().brokenPromises(), 0);
}

void failuresOfTheNetworkAreTold(Device device) {
    const TemporaryFolder folder;
    const Image page = noise({50, 50}, 1);
    {
        EngineFixture black(writeNetworkFor(device, TinyNetwork::kBlack, folder), {2, 1});
        EXPECT_FAILURE(FailureCode::kInternal, black.upscale(page, 32));
        // The engine goes on with the next image, here one that is black.
        EXPECT(black.upscale(blank({50, 50}), 32).bytes == blank({100, 100}).bytes);
    }
    EngineFixture infinite(writeNetworkFor(device, TinyNetwork::kNotFinite, folder), {2, 1});
    EXPECT_FAILURE(FailureCode::kInternal, infinite.upscale(page, 32));
}

void modelsThatDoNotFitAreToldApart(Device device) {
    const TemporaryFolder folder;
    const NetworkOptions fitting = writeNetworkFor(device, TinyNetwork::kPooled, folder);
    const Image page = noise({50, 50}, 1);
    NetworkOptions options = fitting;
    options.geometry.scale = 3;
    Image tripled = blank({150, 150});
    EngineFixture scaled(options);
    EXPECT_EQUAL(scaled.failureOf(scaled.begin(page, tripled, 32)), FailureCode::kModelInvalid);
    options = fitting;
    options.globalPools[0].channels = 7;
    EXPECT_FAILURE(FailureCode::kModelInvalid, EngineFixture(options).upscale(page, 32));
    options = fitting;
    options.paramPath = folder.file("absent.param");
    EXPECT_FAILURE(FailureCode::kModelInvalid, EngineFixture{options});
    options = fitting;
    options.deviceIndex = 99;
    EXPECT_FAILURE(FailureCode::kDeviceUnavailable, EngineFixture{options});
}

/** A name that is wrong in the model's description must not be taken for a device that is gone. */
void absentBlobIsNoLostDevice(Device device) {
    const TemporaryFolder folder;
    const NetworkOptions fitting = writeNetworkFor(device, TinyNetwork::kPooled, folder);
    const Image page = noise({50, 50}, 1);
    for (std::string NetworkOptions::* blob : {&NetworkOptions::inputBlob, &NetworkOptions::outputBlob}) {
        NetworkOptions options = fitting;
        options.*blob = "absent";
        try {
            EngineFixture(options).upscale(page, 32);
        } catch (const Failure& failure) {
            EXPECT(failure.code() == FailureCode::kModelInvalid || failure.code() == FailureCode::kInternal);
            continue;
        }
        throw Unexpected("expected a failure without the blob, received an image");
    }
}

std::string contentOf(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void filesThatAreCutOffAreRefused(Device device) {
    const TemporaryFolder folder;
    const NetworkOptions options = writeNetworkFor(device, TinyNetwork::kPooled, folder);
    const std::string weights = contentOf(options.binPath);
    for (const size_t length : {size_t{0}, size_t{3}, size_t{100}, weights.size() / 2, weights.size() - 4}) {
        writeFile(options.binPath, weights.substr(0, length));
        EXPECT_FAILURE(FailureCode::kModelInvalid, Network{options});
    }
    writeFile(options.binPath, weights);
    const std::string graph = contentOf(options.paramPath);
    for (const size_t length : {size_t{0}, size_t{5}, size_t{9}, graph.size() / 2}) {
        writeFile(options.paramPath, graph.substr(0, length));
        EXPECT_FAILURE(FailureCode::kModelInvalid, Network{options});
    }
}

REGISTER_DEVICE_CASE("life", "a job is cancelled while it runs", cancelledWhileRunning);
REGISTER_DEVICE_CASE("life", "a job is cancelled while it is queued", cancelledWhileQueued);
REGISTER_DEVICE_CASE("life", "an engine is closed while it runs", closedWhileRunning);
REGISTER_DEVICE_CASE("life", "that it has closed is the last thing that an engine says",
                     closingIsTheLastThing);
REGISTER_DEVICE_CASE("life", "a network is loaded and closed 50 times", loadedAndClosedManyTimes);
REGISTER_DEVICE_CASE("life", "urgent jobs go first", urgentJobsGoFirst);
REGISTER_DEVICE_CASE("life", "jobs are bounded and their ids are their own", jobsAreBounded);
REGISTER_DEVICE_CASE("life", "black and infinite output is a failure, and the engine goes on",
                     failuresOfTheNetworkAreTold);
REGISTER_DEVICE_CASE("life", "models that do not fit are told apart", modelsThatDoNotFitAreToldApart);
REGISTER_DEVICE_CASE("life", "a blob that the model does not have is not taken for a lost device",
                     absentBlobIsNoLostDevice);
REGISTER_DEVICE_CASE("life", "files that are cut off are refused", filesThatAreCutOffAreRefused);

}  // namespace

}  // namespace bdreader::test
