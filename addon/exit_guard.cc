#include "exit_guard.h"

#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <set>

#include "engine.h"

namespace bdreader {

namespace {

struct LiveThreads {
    std::mutex mutex;
    std::condition_variable taskEnded;
    std::set<Engine*> engines;
    int tasks = 0;
};

LiveThreads& liveThreads() {
    // Leaked on purpose: the exit handler may run after static objects were destroyed.
    static auto* threads = new LiveThreads;
    return *threads;
}

}  // namespace

void endLiveThreads() {
    LiveThreads& live = liveThreads();
    std::unique_lock<std::mutex> lock(live.mutex);
    for (Engine* engine : live.engines) engine->beginClose();
    for (Engine* engine : live.engines) engine->join();
    live.taskEnded.wait(lock, [&live] { return live.tasks == 0; });
}

void registerLiveEngine(Engine* engine) {
    const std::lock_guard<std::mutex> lock(liveThreads().mutex);
    liveThreads().engines.insert(engine);
}

void unregisterLiveEngine(Engine* engine) {
    const std::lock_guard<std::mutex> lock(liveThreads().mutex);
    liveThreads().engines.erase(engine);
}

void beginLiveTask() {
    const std::lock_guard<std::mutex> lock(liveThreads().mutex);
    liveThreads().tasks++;
}

void endLiveTask() {
    {
        const std::lock_guard<std::mutex> lock(liveThreads().mutex);
        liveThreads().tasks--;
    }
    liveThreads().taskEnded.notify_all();
}

void armExitHandler(bool afterGpuSetUp) {
    static std::once_flag beforeGpu;
    static std::once_flag afterGpu;
    // A failed registration leaves the exit as it would be without this file, so its status changes nothing.
    std::call_once(afterGpuSetUp ? afterGpu : beforeGpu,
                   [] { static_cast<void>(std::atexit(endLiveThreads)); });
}

void exitNow(int code) {
    _exit(code);
}

}  // namespace bdreader
