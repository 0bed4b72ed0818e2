#include "page_work.h"

#include <algorithm>
#include <string>

namespace bdreader {

namespace {

/** The memory ladder ends here: what a smaller tile saves is less than what the network's weights take. */
constexpr int kSmallestRetry = 64;

/** An image with a value above this is not black; a network may well make black out of what is nearly so. */
constexpr uint8_t kNotBlack = 32;

}  // namespace

PageWork::PageWork(const PageTask& task, const PagePlan& plan) : task_(task), plan_(plan), tile_(task.tile) {
    divide();
}

void PageWork::divide() {
    grid_ = divideIntoTiles(task_.input.size, tile_, plan_.geometry.alignment);
    // A tile that is the whole image shows the network all that its pools average over.
    poolPasses_ = grid_.cores.size() > 1 ? plan_.pools : 0;
    next_ = 0;
    done_ = 0;
    isOutOfMemory_ = false;
    sums_ = {};
    means_.clear();
    peaks_ = {};
    tileRows_.clear();
    for (const Rect& core : grid_.cores) {
        TileRow& row = tileRows_[core.y];
        row.bottom = core.y + core.height;
        row.tilesLeft++;
    }
}

bool PageWork::hasStep() const {
    return !failure_ && !isOutOfMemory_ && next_ < grid_.cores.size();
}

TileStep PageWork::takeStep() {
    const int alignment = plan_.geometry.alignment;
    const Rect& core = grid_.cores[next_++];
    const Size own{roundUp(core.width, alignment), roundUp(core.height, alignment)};
    running_++;
    TileStep step;
    step.task = {task_.input, task_.output, core, plan_.oneSize ? grid_.computed : own};
    step.means = means_;
    step.isSum = means_.size() < poolPasses_;
    return step;
}

void PageWork::finishTile(const Rect& core, const TileReport& report) {
    peaks_.inputPeak = std::max(peaks_.inputPeak, report.inputPeak);
    peaks_.outputPeak = std::max(peaks_.outputPeak, report.outputPeak);
    done_++;
    noteFinalRows(core);
    endStep();
}

void PageWork::noteFinalRows(const Rect& core) {
    tileRows_.at(core.y).tilesLeft--;
    while (!tileRows_.empty() && tileRows_.begin()->second.tilesLeft == 0) {
        finalRows_ = std::max(finalRows_, tileRows_.begin()->second.bottom);
        tileRows_.erase(tileRows_.begin());
    }
}

void PageWork::finishSum(const PoolSums& sums) {
    sums_.channels.resize(sums.channels.size());
    for (size_t i = 0; i < sums.channels.size(); i++) sums_.channels[i] += sums.channels[i];
    sums_.pixels += sums.pixels;
    done_++;
    endStep();
}

void PageWork::failStep(const Failure& failure) {
    if (failure.code() == FailureCode::kOutOfMemory && tile_ > kSmallestRetry) {
        isOutOfMemory_ = true;
    } else {
        stop(failure);
    }
    endStep();
}

void PageWork::stop(const Failure& failure) {
    if (!failure_) failure_ = std::make_unique<Failure>(failure);
}

void PageWork::endStep() {
    running_--;
    if (running_ > 0 || failure_) return;
    if (isOutOfMemory_) {
        // A tile longer than the image is the image: half of that is what makes a difference.
        const int longest = std::max(task_.input.size.width, task_.input.size.height);
        tile_ = std::max(std::min(tile_, longest) / 2, kSmallestRetry);
        divide();
    } else if (isComplete()) {
        checkPeaks();
    } else if (next_ == grid_.cores.size()) {
        gatherMeans();
        next_ = 0;
    }
}

void PageWork::gatherMeans() {
    std::vector<float> means;
    for (const double sum : sums_.channels) means.push_back(static_cast<float>(sum / sums_.pixels));
    means_.push_back(std::move(means));
    sums_ = {};
}

void PageWork::checkPeaks() {
    if (peaks_.outputPeak > 0 || peaks_.inputPeak <= kNotBlack) return;
    stop(Failure(FailureCode::kInternal,
                 "expected an image from the network, received black although the brightest input value is " +
                     std::to_string(peaks_.inputPeak)));
}

}  // namespace bdreader
