#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "failure.h"
#include "network.h"
#include "page_upscaler.h"

namespace bdreader {

/** One image to be upscaled. The buffers belong to the caller until the job is finished. */
struct UpscaleJob {
    uint32_t id = 0;
    PageTask task;
};

/** What became of a job. */
struct JobOutcome {
    /** Tile side in input pixels that was used. */
    int tile = 0;
    /** Null when the job succeeded. */
    std::unique_ptr<Failure> failure;
};

/** Receives what happens; called on the engine's threads, never while the engine holds a lock. */
class EngineListener {
  public:
    virtual ~EngineListener() = default;
    virtual void onTile(uint32_t id, int done, int total) = 0;
    virtual void onFinished(uint32_t id, JobOutcome outcome) = 0;
    /** The last thing that happens: the network is freed, no call follows. */
    virtual void onClosed() = 0;
};

/**
 * Runs jobs on lanes: threads of its own, each with its own allocators, that share one network and one queue.
 *
 * submit, cancel, beginClose and join may be called by any thread but the lanes themselves. Every submitted
 * job is finished exactly once, also when the engine closes.
 */
class Engine {
  public:
    /** @param listener must live until join returns */
    Engine(std::unique_ptr<Network> network, const PageGeometry& geometry, int lanes,
           EngineListener& listener);
    /** Closes and joins. */
    ~Engine();

    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /** @throws Failure kInternal when the queue is full or the engine is closing */
    void submit(const UpscaleJob& job);

    /** Finishes a queued job at once and a running one after its tile; unknown jobs are ignored. */
    void cancel(uint32_t id);

    /** Cancels everything and lets the lanes end; returns at once. May be called again. */
    void beginClose();

    /** Waits until the lanes have ended. May be called again; at most one thread at a time. */
    void join();

  private:
    void runLane();
    JobOutcome runJob(const UpscaleJob& job, PageUpscaler* upscaler, const Failure* startFailure);
    void endLane(std::unique_ptr<PageUpscaler> upscaler);

    std::unique_ptr<Network> network_;
    const PageGeometry geometry_;
    EngineListener& listener_;

    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<UpscaleJob> queue_;
    std::map<uint32_t, std::shared_ptr<std::atomic<bool>>> running_;
    bool closing_ = false;
    int lanesLeft_ = 0;

    std::vector<std::thread> lanes_;
};

}  // namespace bdreader
