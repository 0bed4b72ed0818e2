#include <unistd.h>

#include <cstdlib>
#include <vector>

#include "../exit_guard.h"
#include "device_case.h"
#include "engine_fixture.h"

namespace bdreader::test {

namespace {

/** What is still at work when the process ends. */
struct Leftover {
    explicit Leftover(const NetworkOptions& options)
        : page(noise({128, 2048}, 1)), fixture(options, {2, 1}) {}

    Image page;
    std::vector<Image> outputs;
    EngineFixture fixture;
};

/** Kept on purpose, as an engine that nobody closed is; static, so that it is no leak. */
Leftover* leftover = nullptr;

void checkThatEngineIsClosed() {
    if (leftover->fixture.recorder().closed() == 1) return;
    static const char kComplaint[] = "expected the engine to be closed at exit, it is at work\n";
    static_cast<void>(!write(STDERR_FILENO, kComplaint, sizeof kComplaint - 1));
    _exit(1);
}

void engineIsLeftAtWork(Device device) {
    const TemporaryFolder folder;
    const NetworkOptions options = writeNetworkFor(device, TinyNetwork::kResidual, folder);
    leftover = new Leftover(options);
    // Handlers run in reverse: this one after the guard's.
    EXPECT_EQUAL(std::atexit(checkThatEngineIsClosed), 0);
    armExitHandler(false);
    registerLiveEngine(&leftover->fixture.engine());
    for (int i = 0; i < 4; i++) leftover->outputs.push_back(doubled(leftover->page));
    for (Image& output : leftover->outputs) leftover->fixture.begin(leftover->page, output, 32);
    leftover->fixture.recorder().waitForTile();
}

REGISTER_DEVICE_CASE("process exit", "an engine at work is closed, not torn apart", engineIsLeftAtWork);

}  // namespace

}  // namespace bdreader::test
