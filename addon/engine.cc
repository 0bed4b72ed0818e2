#include "engine.h"

#include <algorithm>
#include <utility>

namespace bdreader {

namespace {

/** Callers keep the order of work themselves, so a longer queue means that one of them has gone wrong. */
constexpr size_t kLongestQueue = 256;

JobOutcome failed(Failure failure) {
    JobOutcome outcome;
    outcome.failure = std::make_unique<Failure>(std::move(failure));
    return outcome;
}

}  // namespace

Engine::Engine(std::unique_ptr<Network> network, const PageGeometry& geometry, int lanes,
               EngineListener& listener)
    : network_(std::move(network)), geometry_(geometry), listener_(listener), lanesLeft_(lanes) {
    for (int i = 0; i < lanes; i++) lanes_.emplace_back([this] { runLane(); });
}

Engine::~Engine() {
    beginClose();
    join();
}

void Engine::submit(const UpscaleJob& job) {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (closing_)
            throw Failure(FailureCode::kInternal, "expected an open engine, received a job after close");
        if (queue_.size() >= kLongestQueue) {
            throw Failure(FailureCode::kInternal, "expected at most 256 queued jobs, received one more");
        }
        queue_.push_back(job);
    }
    wake_.notify_one();
}

void Engine::cancel(uint32_t id) {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto running = running_.find(id);
        if (running != running_.end()) running->second->store(true);
        const auto queued =
            std::find_if(queue_.begin(), queue_.end(), [id](const UpscaleJob& job) { return job.id == id; });
        if (queued == queue_.end()) return;
        queue_.erase(queued);
    }
    listener_.onFinished(id, failed(Failure(FailureCode::kCancelled, "cancelled before it started")));
}

void Engine::beginClose() {
    std::deque<UpscaleJob> abandoned;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (closing_) return;
        closing_ = true;
        for (auto& running : running_) running.second->store(true);
        abandoned.swap(queue_);
    }
    wake_.notify_all();
    for (const UpscaleJob& job : abandoned) {
        listener_.onFinished(job.id, failed(Failure(FailureCode::kCancelled, "the engine was closed")));
    }
}

void Engine::join() {
    for (std::thread& lane : lanes_) {
        if (lane.joinable()) lane.join();
    }
}

void Engine::runLane() {
    std::unique_ptr<PageUpscaler> upscaler;
    std::unique_ptr<Failure> startFailure;
    try {
        upscaler = std::make_unique<PageUpscaler>(network_->createRunner(), geometry_);
    } catch (...) {
        startFailure = std::make_unique<Failure>(currentFailure());
    }
    while (true) {
        UpscaleJob job;
        {
            std::unique_lock<std::mutex> lock(mutex_);
            wake_.wait(lock, [this] { return closing_ || !queue_.empty(); });
            if (queue_.empty()) break;
            job = queue_.front();
            queue_.pop_front();
            running_[job.id] = std::make_shared<std::atomic<bool>>(false);
        }
        JobOutcome outcome = runJob(job, upscaler.get(), startFailure.get());
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            running_.erase(job.id);
        }
        listener_.onFinished(job.id, std::move(outcome));
    }
    endLane(std::move(upscaler));
}

JobOutcome Engine::runJob(const UpscaleJob& job, PageUpscaler* upscaler, const Failure* startFailure) {
    if (startFailure) return failed(*startFailure);
    std::shared_ptr<std::atomic<bool>> cancelled;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        cancelled = running_.at(job.id);
    }
    try {
        PageProgress progress;
        progress.isCancelled = [cancelled] { return cancelled->load(); };
        progress.onTile = [this, &job](int done, int total) { listener_.onTile(job.id, done, total); };
        JobOutcome outcome;
        outcome.tile = upscaler->upscale(job.task, progress);
        return outcome;
    } catch (...) {
        return failed(currentFailure());
    }
}

void Engine::endLane(std::unique_ptr<PageUpscaler> upscaler) {
    upscaler.reset();
    bool last = false;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        last = --lanesLeft_ == 0;
        if (last) network_.reset();
    }
    if (last) listener_.onClosed();
}

}  // namespace bdreader
