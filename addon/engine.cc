#include "engine.h"

#include <chrono>
#include <utility>

namespace bdreader {

namespace {

/** Callers keep the order of work themselves, so more jobs mean that one of them has gone wrong. */
constexpr size_t kMostJobs = 256;

PagePlan planOf(const NetworkOptions& options) {
    PagePlan plan;
    plan.geometry = options.geometry;
    plan.pools = options.globalPools.size();
    // A GPU's memory is kept from tile to tile and fits tiles of one size only.
    plan.oneSize = options.deviceIndex >= 0;
    return plan;
}

}  // namespace

Engine::Engine(std::shared_ptr<Network> network, const EngineOptions& options, EngineListener& listener)
    : network_(std::move(network)),
      options_(options),
      plan_(planOf(network_->options())),
      listener_(listener),
      lanesLeft_(options.lanes) {
    for (int i = 0; i < options.lanes; i++) lanes_.emplace_back([this] { runLane(); });
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
        if (jobs_.size() >= kMostJobs) {
            throw Failure(FailureCode::kInternal, "expected at most 256 jobs, received one more");
        }
        if (jobs_.count(job.id) != 0) {
            throw Failure(FailureCode::kInternal, "expected an unused id, received one at work");
        }
        Job& added = jobs_.emplace(job.id, Job{job.priority, ++lastSequence_, PageWork(job.task, plan_)})
                         .first->second;
        if (lost_) added.work.stop(*lost_);
    }
    wake_.notify_all();
    reportFinished();
}

void Engine::prioritize(uint32_t id, int priority) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto job = jobs_.find(id);
    if (job != jobs_.end()) job->second.priority = priority;
}

void Engine::cancel(uint32_t id) {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto job = jobs_.find(id);
        if (job == jobs_.end()) return;
        job->second.work.stop(Failure(FailureCode::kCancelled, "cancelled between tiles"));
    }
    reportFinished();
}

std::shared_ptr<Network> Engine::network() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return network_;
}

void Engine::beginClose() {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (closing_) return;
        closing_ = true;
        stopAll(Failure(FailureCode::kCancelled, "the engine was closed"));
    }
    wake_.notify_all();
    reportFinished();
}

void Engine::join() {
    for (std::thread& lane : lanes_) {
        if (lane.joinable()) lane.join();
    }
}

void Engine::runLane() {
    Lane lane;
    try {
        lane.runner = network_->createRunner();
    } catch (...) {
        lane.startFailure = std::make_unique<Failure>(currentFailure());
    }
    while (const std::optional<Step> step = nextStep(lane)) {
        const auto started = std::chrono::steady_clock::now();
        endStep(*step, runStep(lane, step->tile));
        const std::chrono::duration<double> busy = std::chrono::steady_clock::now() - started;
        if (options_.duty < 1) rest(busy.count() * (1 / options_.duty - 1));
    }
    endLane(lane);
}

std::optional<Engine::Step> Engine::nextStep(Lane& lane) {
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
        if (lane.memoryEpoch != memoryEpoch_) {
            lane.memoryEpoch = memoryEpoch_;
            lock.unlock();
            if (lane.runner) lane.runner->releaseMemory();
            lock.lock();
            if (lane.memoryEpoch == memoryEpoch_ && --lanesHolding_ == 0) wake_.notify_all();
            continue;
        }
        // A step that began now would find taken what the others are about to give back.
        const auto job = lanesHolding_ > 0 && !closing_ ? jobs_.end() : mostUrgent();
        if (job != jobs_.end()) return Step{job->first, job->second.work.takeStep()};
        if (closing_) return std::nullopt;
        wake_.wait(lock);
    }
}

std::map<uint32_t, Engine::Job>::iterator Engine::mostUrgent() {
    auto best = jobs_.end();
    for (auto job = jobs_.begin(); job != jobs_.end(); ++job) {
        if (!job->second.work.hasStep()) continue;
        const bool isMoreUrgent =
            best == jobs_.end() || job->second.priority > best->second.priority ||
            (job->second.priority == best->second.priority && job->second.sequence < best->second.sequence);
        if (isMoreUrgent) best = job;
    }
    return best;
}

Engine::StepResult Engine::runStep(Lane& lane, const TileStep& tile) {
    StepResult result;
    try {
        if (lane.startFailure) throw *lane.startFailure;
        if (tile.isSum) {
            result.sums = lane.runner->sumPool(tile.task, tile.means);
        } else {
            result.report = lane.runner->upscale(tile.task, tile.means);
        }
    } catch (...) {
        result.failure = std::make_unique<Failure>(currentFailure());
    }
    return result;
}

void Engine::endStep(const Step& step, const StepResult& result) {
    JobProgress progress;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        PageWork& work = jobs_.at(step.id).work;
        if (result.failure) {
            noteFailure(*result.failure);
            work.failStep(*result.failure);
        } else if (step.tile.isSum) {
            work.finishSum(result.sums);
        } else {
            work.finishTile(step.tile.task.core, result.report);
        }
        progress = {work.done(), work.total(), work.finalRows()};
    }
    // The end of a step may be what other lanes wait for: the next pass, smaller tiles, memory to let go of.
    wake_.notify_all();
    if (!result.failure) listener_.onTile(step.id, progress);
    reportFinished();
}

void Engine::noteFailure(const Failure& failure) {
    if (failure.code() == FailureCode::kOutOfMemory) {
        memoryEpoch_++;
        lanesHolding_ = lanesLeft_;
    }
    if (failure.code() != FailureCode::kGpuLost || lost_) return;
    lost_ = std::make_unique<Failure>(failure);
    stopAll(failure);
}

void Engine::rest(double seconds) {
    std::unique_lock<std::mutex> lock(mutex_);
    wake_.wait_for(lock, std::chrono::duration<double>(seconds), [this] { return closing_; });
}

void Engine::stopAll(const Failure& failure) {
    for (auto& job : jobs_) job.second.work.stop(failure);
}

void Engine::reportFinished() {
    std::map<uint32_t, Job> finished;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        for (auto job = jobs_.begin(); job != jobs_.end();) {
            const auto next = std::next(job);
            if (job->second.work.isFinished()) finished.insert(jobs_.extract(job));
            job = next;
        }
        if (finished.empty()) return;
        reporting_++;
    }
    for (const auto& [id, job] : finished) {
        JobOutcome outcome;
        outcome.tile = job.work.tile();
        if (const Failure* failure = job.work.failure())
            outcome.failure = std::make_unique<Failure>(*failure);
        listener_.onFinished(id, std::move(outcome));
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    reporting_--;
    reported_.notify_all();
}

void Engine::endLane(Lane& lane) {
    lane.runner.reset();
    std::shared_ptr<Network> network;
    bool isLast = false;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        isLast = --lanesLeft_ == 0;
        if (isLast) network.swap(network_);
    }
    network.reset();
    if (!isLast) return;
    std::unique_lock<std::mutex> lock(mutex_);
    reported_.wait(lock, [this] { return reporting_ == 0; });
    lock.unlock();
    listener_.onClosed();
}

}  // namespace bdreader
