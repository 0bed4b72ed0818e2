#include "../page_work.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "check.h"

namespace bdreader::test {

namespace {

PageTask pageOf(Size size, int tile) {
    PageTask page;
    page.input.size = size;
    page.tile = tile;
    return page;
}

PagePlan planWithPools(size_t pools) {
    PagePlan plan;
    plan.pools = pools;
    return plan;
}

const int kScale = PagePlan{}.geometry.scale;
const TileReport kGrey{128, 128};
const Failure kNoMemory{FailureCode::kOutOfMemory, "a test's"};
const Failure kCancelled{FailureCode::kCancelled, "a test's"};

/** Takes and ends every step that can be had. @return how many */
int finishAllSteps(PageWork& work, const TileReport& report = kGrey) {
    int steps = 0;
    while (work.hasStep()) {
        const TileStep step = work.takeStep();
        if (step.isSum) {
            work.finishSum({{1., 2.}, 1.});
        } else {
            work.finishTile(step.task.core, report);
        }
        steps++;
    }
    return steps;
}

void everyTileIsTakenOnce() {
    PageWork work(pageOf({200, 130}, 64), {});
    const int total = work.total();
    EXPECT(total > 1);
    int64_t area = 0;
    for (int taken = 1; work.hasStep(); taken++) {
        const TileStep step = work.takeStep();
        area += static_cast<int64_t>(step.task.core.width) * step.task.core.height;
        EXPECT(!work.isFinished());
        work.finishTile(step.task.core, kGrey);
        EXPECT_EQUAL(work.done(), taken);
    }
    EXPECT_EQUAL(area, int64_t{200} * 130);
    EXPECT_EQUAL(work.done(), total);
    EXPECT(work.isFinished() && work.failure() == nullptr);
}

void tilesHaveOneSizeIfAsked() {
    PagePlan plan;
    plan.geometry.alignment = 4;
    for (const bool oneSize : {true, false}) {
        plan.oneSize = oneSize;
        PageWork work(pageOf({201, 131}, 64), plan);
        std::vector<Size> sizes;
        while (work.hasStep()) {
            const TileTask task = work.takeStep().task;
            EXPECT(task.computed.width >= task.core.width && task.computed.height >= task.core.height);
            EXPECT(task.computed.width % 4 == 0 && task.computed.height % 4 == 0);
            sizes.push_back(task.computed);
            work.finishTile(task.core, kGrey);
        }
        const bool isSame =
            sizes.front().width == sizes.back().width && sizes.front().height == sizes.back().height;
        EXPECT_EQUAL(isSame, oneSize);
    }
}

/** Ends one pass of sums, `value` and twice that for each tile. */
void finishPass(PageWork& work, int tiles, size_t knownMeans, double value) {
    for (int i = 0; i < tiles; i++) {
        EXPECT(work.hasStep());
        const TileStep step = work.takeStep();
        EXPECT(step.isSum);
        EXPECT_EQUAL(step.means.size(), knownMeans);
    }
    // The next pass needs the means of this one.
    for (int i = 0; i < tiles; i++) {
        EXPECT(!work.hasStep() && !work.isFinished());
        work.finishSum({{value, 2 * value}, 4.});
    }
}

void everyPoolTakesAPass() {
    PageWork work(pageOf({130, 100}, 64), planWithPools(2));
    const int tiles = work.total() / 3;
    EXPECT_EQUAL(work.total(), tiles * 3);
    finishPass(work, tiles, 0, 8);
    finishPass(work, tiles, 1, 20);
    const TileStep step = work.takeStep();
    EXPECT(!step.isSum);
    EXPECT_EQUAL(step.means.size(), size_t{2});
    EXPECT(step.means[0] == std::vector<float>({2.f, 4.f}));
    EXPECT(step.means[1] == std::vector<float>({5.f, 10.f}));
    work.finishTile(step.task.core, kGrey);
    EXPECT_EQUAL(finishAllSteps(work), tiles - 1);
    EXPECT(work.isFinished() && work.failure() == nullptr);
}

void oneTileNeedsNoPassOfItsOwn() {
    PageWork work(pageOf({60, 60}, 64), planWithPools(2));
    EXPECT_EQUAL(work.total(), 1);
    const TileStep step = work.takeStep();
    EXPECT(!step.isSum);
    work.finishTile(step.task.core, kGrey);
    EXPECT(work.isFinished() && work.failure() == nullptr);
}

void withoutMemoryTilesGetSmaller() {
    PageWork work(pageOf({300, 200}, 4096), {});
    std::vector<int> tried{work.tile()};
    while (!work.isFinished()) {
        EXPECT(work.hasStep());
        work.takeStep();
        work.failStep(kNoMemory);
        if (work.tile() != tried.back()) tried.push_back(work.tile());
        EXPECT(tried.size() < 10);
    }
    // Half of the image's longer side is the first that makes a difference; at 64 the ladder ends.
    EXPECT(tried == std::vector<int>({4096, 150, 75, 64}));
    EXPECT_EQUAL(work.failure()->code(), FailureCode::kOutOfMemory);
}

void smallerTilesBeginAnew() {
    PageWork work(pageOf({300, 200}, 150), planWithPools(1));
    const int before = work.total();
    finishPass(work, before / 2, 0, 8);
    const TileStep other = work.takeStep();
    work.takeStep();
    work.failStep(kNoMemory);
    // Another tile of the old size is at work still.
    EXPECT(!work.hasStep() && !work.isFinished());
    work.finishTile(other.task.core, kGrey);
    EXPECT_EQUAL(work.tile(), 75);
    EXPECT_EQUAL(work.done(), 0);
    EXPECT(work.total() > before);
    const TileStep step = work.takeStep();
    EXPECT(step.isSum && step.means.empty());
    work.finishSum({{1., 2.}, 1.});
    EXPECT_EQUAL(finishAllSteps(work), work.total() - 1);
    EXPECT(work.isFinished() && work.failure() == nullptr);
}

void rowsAreFinalWhenAllAboveThemAre() {
    PageWork work(pageOf({130, 300}, 64), {});
    std::vector<TileStep> steps;
    while (work.hasStep()) steps.push_back(work.takeStep());
    std::reverse(steps.begin(), steps.end());
    const int lastRow = steps.back().task.core.y;
    for (const TileStep& step : steps) {
        EXPECT_EQUAL(work.finalRows(), 0);
        if (step.task.core.y == lastRow) break;
        work.finishTile(step.task.core, kGrey);
    }
    // The top row of tiles makes everything below it final too, but only once it is whole.
    for (const TileStep& step : steps) {
        if (step.task.core.y != lastRow) continue;
        EXPECT_EQUAL(work.finalRows(), 0);
        work.finishTile(step.task.core, kGrey);
    }
    EXPECT_EQUAL(work.finalRows(), kScale * 300);
    EXPECT(work.isFinished() && work.failure() == nullptr);
}

void sumsMakeNoRowsFinal() {
    PageWork work(pageOf({64, 300}, 64), planWithPools(1));
    finishPass(work, work.total() / 2, 0, 8);
    EXPECT_EQUAL(work.finalRows(), 0);
    const TileStep top = work.takeStep();
    work.finishTile(top.task.core, kGrey);
    EXPECT_EQUAL(work.finalRows(), kScale * top.task.core.height);
}

void finalRowsAreNotTakenBack() {
    PageWork work(pageOf({100, 300}, 100), {});
    work.finishTile(work.takeStep().task.core, kGrey);
    const int before = work.finalRows();
    EXPECT(before > 0);
    work.takeStep();
    work.failStep(kNoMemory);
    EXPECT(work.tile() < 100);
    EXPECT_EQUAL(work.finalRows(), before);
    finishAllSteps(work);
    EXPECT_EQUAL(work.finalRows(), kScale * 300);
}

void smallTilesDoNotGrowWithoutMemory() {
    PageWork work(pageOf({300, 200}, 32), {});
    work.takeStep();
    work.failStep(kNoMemory);
    EXPECT(work.isFinished());
    EXPECT_EQUAL(work.tile(), 32);
    EXPECT_EQUAL(work.failure()->code(), FailureCode::kOutOfMemory);
}

void failureWaitsForTilesAtWork() {
    PageWork work(pageOf({300, 200}, 64), {});
    const TileStep step = work.takeStep();
    work.takeStep();
    work.takeStep();
    work.failStep(Failure(FailureCode::kModelInvalid, "the first"));
    EXPECT(!work.hasStep() && !work.isFinished());
    work.failStep(Failure(FailureCode::kInternal, "the second"));
    EXPECT(!work.isFinished());
    work.finishTile(step.task.core, kGrey);
    EXPECT(work.isFinished());
    EXPECT_EQUAL(std::string(work.failure()->what()), std::string("the first"));
}

void stoppedBeforeItBegan() {
    PageWork work(pageOf({300, 200}, 64), {});
    work.stop(kCancelled);
    EXPECT(work.isFinished() && !work.hasStep());
    EXPECT_EQUAL(work.failure()->code(), FailureCode::kCancelled);
}

void stoppedWhileMemoryRunsOut() {
    for (const bool stopsFirst : {true, false}) {
        PageWork work(pageOf({300, 200}, 128), {});
        const TileStep step = work.takeStep();
        work.takeStep();
        if (stopsFirst) work.stop(kCancelled);
        work.failStep(kNoMemory);
        if (!stopsFirst) work.stop(kCancelled);
        EXPECT(!work.hasStep() && !work.isFinished());
        work.finishTile(step.task.core, kGrey);
        EXPECT(work.isFinished());
        EXPECT_EQUAL(work.failure()->code(), FailureCode::kCancelled);
        EXPECT_EQUAL(work.tile(), 128);
    }
}

void blackIsNoImage() {
    const auto failureFor = [](TileReport first, TileReport others) {
        PageWork work(pageOf({300, 200}, 64), {});
        work.finishTile(work.takeStep().task.core, first);
        finishAllSteps(work, others);
        EXPECT(work.isFinished());
        return work.failure() != nullptr;
    };
    EXPECT(failureFor({200, 0}, {200, 0}));
    PageWork whole(pageOf({300, 200}, 300), {});
    whole.finishTile(whole.takeStep().task.core, {200, 0});
    EXPECT_EQUAL(whole.finalRows(), 0);
    // One bright input tile is enough to know, one value in the output is enough to be content.
    EXPECT(failureFor({200, 0}, {0, 0}));
    EXPECT(!failureFor({200, 1}, {200, 0}));
    EXPECT(!failureFor({0, 0}, {0, 0}));
}

REGISTER_CASE("page work", "every tile is taken once", everyTileIsTakenOnce);
REGISTER_CASE("page work", "tiles are computed in one size where that is asked for", tilesHaveOneSizeIfAsked);
REGISTER_CASE("page work", "every pool takes a pass, which waits for the one before", everyPoolTakesAPass);
REGISTER_CASE("page work", "an image in one tile needs no passes for its pools", oneTileNeedsNoPassOfItsOwn);
REGISTER_CASE("page work", "tiles get smaller when memory runs out, to an end", withoutMemoryTilesGetSmaller);
REGISTER_CASE("page work", "smaller tiles begin anew once the larger ones have ended", smallerTilesBeginAnew);
REGISTER_CASE("page work", "rows are final once all tiles of them and above them are",
              rowsAreFinalWhenAllAboveThemAre);
REGISTER_CASE("page work", "a pass over the pools makes no rows final", sumsMakeNoRowsFinal);
REGISTER_CASE("page work", "final rows are not taken back when tiles get smaller", finalRowsAreNotTakenBack);
REGISTER_CASE("page work", "tiles below the ladder's end do not grow", smallTilesDoNotGrowWithoutMemory);
REGISTER_CASE("page work", "a failure waits for the tiles at work, and the first one counts",
              failureWaitsForTilesAtWork);
REGISTER_CASE("page work", "work that is stopped before it began is finished", stoppedBeforeItBegan);
REGISTER_CASE("page work", "work that is stopped while memory runs out does not begin anew",
              stoppedWhileMemoryRunsOut);
REGISTER_CASE("page work", "black output of an image that is not black is a failure", blackIsNoImage);

}  // namespace

}  // namespace bdreader::test
