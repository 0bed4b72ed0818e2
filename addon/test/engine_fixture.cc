#include "engine_fixture.h"

#include <utility>

#include "check.h"

namespace bdreader::test {

void Recorder::onTile(uint32_t, const JobProgress& progress) {
    const std::lock_guard<std::mutex> lock(mutex_);
    changed_.notify_all();
    tiles_++;
    if (progress.done < 0 || progress.done > progress.total || progress.finalRows < 0) brokenPromises_++;
}

void Recorder::onFinished(uint32_t id, JobOutcome outcome) {
    const std::lock_guard<std::mutex> lock(mutex_);
    changed_.notify_all();
    order_.push_back(id);
    if (!outcomes_.emplace(id, std::move(outcome)).second) brokenPromises_++;
}

void Recorder::onClosed() {
    const std::lock_guard<std::mutex> lock(mutex_);
    changed_.notify_all();
    closed_++;
}

JobOutcome Recorder::take(uint32_t id) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return outcomes_.count(id) != 0; });
    JobOutcome outcome = std::move(outcomes_.at(id));
    // The entry stays, empty: a second end of the same job must not go unnoticed.
    outcomes_[id] = {};
    return outcome;
}

void Recorder::waitForTile() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return tiles_ > 0; });
}

void Recorder::waitForClose() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return closed_ > 0; });
}

std::vector<uint32_t> Recorder::finishedOrder() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return order_;
}

int Recorder::closed() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return closed_;
}

int Recorder::brokenPromises() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return brokenPromises_;
}

EngineFixture::EngineFixture(const NetworkOptions& network, const EngineOptions& engine)
    : engine_(std::make_unique<Engine>(std::make_shared<Network>(network), engine, recorder_)) {}

uint32_t EngineFixture::begin(const Image& input, Image& output, int tile, int priority) {
    UpscaleJob job;
    job.id = ++lastId_;
    job.priority = priority;
    job.task = {input.view(), output.target(), tile};
    engine_->submit(job);
    return job.id;
}

int EngineFixture::finish(uint32_t id) {
    const JobOutcome outcome = recorder_.take(id);
    if (outcome.failure) throw *outcome.failure;
    return outcome.tile;
}

FailureCode EngineFixture::failureOf(uint32_t id) {
    const JobOutcome outcome = recorder_.take(id);
    if (!outcome.failure) throw Unexpected("expected job " + std::to_string(id) + " to fail, it succeeded");
    return outcome.failure->code();
}

Image EngineFixture::upscale(const Image& image, int tile) {
    Image output = doubled(image);
    finish(begin(image, output, tile));
    return output;
}

Image doubled(const Image& image) {
    return blank({image.size.width * 2, image.size.height * 2});
}

}  // namespace bdreader::test
