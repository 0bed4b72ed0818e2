#include "page_upscaler.h"

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>

#include "failure.h"
#include "side_by_side.h"

namespace bdreader {

namespace {

/** The memory ladder ends here: what a smaller tile saves is less than what the network's weights take. */
constexpr int kSmallestRetry = 64;

}  // namespace

PageUpscaler::PageUpscaler(std::unique_ptr<Runner> runner, const PageGeometry& geometry)
    : runner_(std::move(runner)), geometry_(geometry) {}

int PageUpscaler::upscale(const PageTask& task, const PageProgress& progress) {
    int tile = task.tile;
    while (true) {
        try {
            upscaleInTiles(task, tile, progress);
            return tile;
        } catch (const Failure& failure) {
            if (failure.code() != FailureCode::kOutOfMemory || tile <= kSmallestRetry) throw;
        }
        runner_->releaseMemory();
        tile = std::max(tile / 2, kSmallestRetry);
    }
}

void PageUpscaler::upscaleInTiles(const PageTask& task, int tile, const PageProgress& progress) {
    const TileGrid grid = divideIntoTiles(task.input.size, tile, geometry_.alignment);
    forgetOtherSizes(grid.computed);
    const int total = static_cast<int>(grid.cores.size());
    std::mutex mutex;
    int done = 0;
    forEachSideBySide(total, runner_->concurrency(), [&](int index) {
        if (progress.isCancelled()) throw Failure(FailureCode::kCancelled, "cancelled between tiles");
        const Rect& core = grid.cores[static_cast<size_t>(index)];
        const Size own{roundUp(core.width, geometry_.alignment), roundUp(core.height, geometry_.alignment)};
        upscaleTile(task, core, runner_->prefersOneSize() ? grid.computed : own);
        const std::lock_guard<std::mutex> lock(mutex);
        progress.onTile(++done, total);
    });
}

void PageUpscaler::upscaleTile(const PageTask& task, Rect core, Size computed) {
    const int scale = geometry_.scale;
    const Rect region = grow({core.x, core.y, computed.width, computed.height}, geometry_.context);
    const ncnn::Mat input = readRegion(task.input, region);
    ncnn::Mat output = runner_->run(input);
    const int width = (region.width - 2 * geometry_.consumed) * scale;
    const int height = (region.height - 2 * geometry_.consumed) * scale;
    if (output.w != width || output.h != height) {
        throw Failure(FailureCode::kModelInvalid,
                      "expected " + std::to_string(width) + "x" + std::to_string(height) +
                          " pixels from the network, received " + std::to_string(output.w) + "x" +
                          std::to_string(output.h));
    }
    if (geometry_.addsNearest) addNearest(output, input, scale, geometry_.consumed);
    const int crop = (geometry_.context - geometry_.consumed) * scale;
    writeRegion(output, {crop, crop}, task.output,
                {core.x * scale, core.y * scale, core.width * scale, core.height * scale});
}

void PageUpscaler::forgetOtherSizes(Size computed) {
    // Blocks kept from another size fit no tensor of this one: pages of many sizes would pile them up.
    if (lastComputed_.width != 0 &&
        (lastComputed_.width != computed.width || lastComputed_.height != computed.height)) {
        runner_->releaseMemory();
    }
    lastComputed_ = computed;
}

}  // namespace bdreader
