#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "failure.h"
#include "network.h"
#include "page_work.h"

namespace bdreader {

/** One image to be upscaled. The buffers belong to the caller until the job is finished. */
struct UpscaleJob {
    uint32_t id = 0;
    /** Tiles of a job with a larger one go first. */
    int priority = 0;
    PageTask task;
};

/** What became of a job. */
struct JobOutcome {
    /** Tile side in input pixels that was used. */
    int tile = 0;
    /** Null when the job succeeded. */
    std::unique_ptr<Failure> failure;
};

/** How far a job has come. */
struct JobProgress {
    /** Steps that have ended well, of how many; begins anew when memory runs out. */
    int done = 0;
    int total = 0;
    /** Rows of the output, from its top, that can be read. */
    int finalRows = 0;
};

/** Receives what happens; called on the engine's threads, never while the engine holds a lock. */
class EngineListener {
  public:
    virtual ~EngineListener() = default;
    /** May come in another order than the tiles were finished, and after onFinished. */
    virtual void onTile(uint32_t id, const JobProgress& progress) = 0;
    virtual void onFinished(uint32_t id, JobOutcome outcome) = 0;
    /** The last thing that happens: the network is freed, no call follows. */
    virtual void onClosed() = 0;
};

/** How the work is spread. */
struct EngineOptions {
    /** Tiles computed side by side, of one image or of several. */
    int lanes = 1;
    /** Share of the time that the device may be kept busy, above 0, at most 1. */
    double duty = 1;
};

/**
 * Computes the tiles of all jobs on lanes: threads of its own, each with its own memory, that share one
 * network. A lane takes its next tile from the most urgent job that has one, so an urgent page waits for no
 * more than one tile.
 *
 * submit, prioritize, cancel, beginClose and join may be called by any thread but the lanes themselves. Every
 * submitted job is finished exactly once, also when the engine closes.
 */
class Engine {
  public:
    /** @param listener must live until join returns */
    Engine(std::shared_ptr<Network> network, const EngineOptions& options, EngineListener& listener);
    /** Closes and joins. */
    ~Engine();

    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /** @throws Failure kInternal when too many jobs are at work, the id is one of them, or the engine is
     * closing */
    void submit(const UpscaleJob& job);

    /** Changes the urgency of a job from its next tile on; unknown jobs are ignored. */
    void prioritize(uint32_t id, int priority);

    /** Finishes a queued job at once and a running one after its tiles at work; unknown jobs are ignored. */
    void cancel(uint32_t id);

    /** @return null once the engine has closed */
    std::shared_ptr<Network> network() const;

    /** Cancels everything and lets the lanes end; returns at once. May be called again. */
    void beginClose();

    /** Waits until the lanes have ended. May be called again; at most one thread at a time. */
    void join();

  private:
    struct Job {
        int priority = 0;
        uint64_t sequence = 0;
        PageWork work;
    };
    struct Step {
        uint32_t id = 0;
        TileStep tile;
    };
    /** What became of a step: one of the first two when there is no failure. */
    struct StepResult {
        TileReport report;
        PoolSums sums;
        std::unique_ptr<Failure> failure;
    };
    /** What a lane knows for itself. */
    struct Lane {
        std::unique_ptr<Runner> runner;
        std::unique_ptr<Failure> startFailure;
        uint64_t memoryEpoch = 0;
    };

    void runLane();
    std::optional<Step> nextStep(Lane& lane);
    static StepResult runStep(Lane& lane, const TileStep& tile);
    void endStep(const Step& step, const StepResult& result);
    void noteFailure(const Failure& failure);
    void rest(double seconds);
    std::map<uint32_t, Job>::iterator mostUrgent();
    void stopAll(const Failure& failure);
    void reportFinished();
    void endLane(Lane& lane);

    std::shared_ptr<Network> network_;
    const EngineOptions options_;
    const PagePlan plan_;
    EngineListener& listener_;

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::map<uint32_t, Job> jobs_;
    uint64_t lastSequence_ = 0;
    /** Raised when memory has run out: lanes then let go of what they keep. */
    uint64_t memoryEpoch_ = 0;
    /** Lanes that have not let go of it yet. */
    int lanesHolding_ = 0;
    std::unique_ptr<Failure> lost_;
    bool closing_ = false;
    int lanesLeft_ = 0;
    /** Threads that are telling the listener of finished jobs; onClosed waits for them. */
    int reporting_ = 0;
    std::condition_variable reported_;

    std::vector<std::thread> lanes_;
};

}  // namespace bdreader
