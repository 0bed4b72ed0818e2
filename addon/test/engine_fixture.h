#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "../engine.h"
#include "image.h"
#include "tiny_network.h"

namespace bdreader::test {

/** Writes down what an engine says, and lets other threads wait for it. Any thread may call it. */
class Recorder final : public EngineListener {
  public:
    void onTile(uint32_t id, const JobProgress& progress) override;
    void onFinished(uint32_t id, JobOutcome outcome) override;
    void onClosed() override;

    /** Waits until the job is finished. @return what became of it, once; null failure for success */
    JobOutcome take(uint32_t id);
    /** Waits until any tile has been finished. */
    void waitForTile();
    void waitForClose();

    /** Jobs in the order in which they finished. */
    std::vector<uint32_t> finishedOrder() const;
    int closed() const;
    /** Against the engine's promises: jobs finished twice, numbers that make no sense. */
    int brokenPromises() const;

  private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::map<uint32_t, JobOutcome> outcomes_;
    std::vector<uint32_t> order_;
    int tiles_ = 0;
    int closed_ = 0;
    int brokenPromises_ = 0;
};

/** An engine with a network of its own and a listener; as short as a case needs it. */
class EngineFixture {
  public:
    explicit EngineFixture(const NetworkOptions& network, const EngineOptions& engine = {});

    /** Upscales one image. @throws Failure as the job failed */
    Image upscale(const Image& image, int tile);

    /** Begins to upscale; input and output must live until the job is finished. @return the job's id */
    uint32_t begin(const Image& input, Image& output, int tile, int priority = 0);

    /** Waits for a job. @throws Failure as the job failed @return tile side that was used */
    int finish(uint32_t id);

    /** The end of a job that is expected to fail. @return its code */
    FailureCode failureOf(uint32_t id);

    Recorder& recorder() { return recorder_; }
    Engine& engine() { return *engine_; }

  private:
    Recorder recorder_;
    std::unique_ptr<Engine> engine_;
    std::atomic<uint32_t> lastId_{0};
};

/** @return an output for an image that is doubled */
Image doubled(const Image& image);

}  // namespace bdreader::test
