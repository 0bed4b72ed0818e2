#pragma once

#include <map>
#include <memory>

#include "failure.h"
#include "global_pools.h"
#include "runner.h"
#include "tile_task.h"
#include "tiling.h"

namespace bdreader {

/** One image: where it is, where its result goes. */
struct PageTask {
    ConstPixels input{};
    /** `input`'s size times the scale. */
    Pixels output{};
    /** Longest tile side in input pixels, at least kSmallestTile. */
    int tile = kSmallestTile;
};

/** What of a network the division of an image into tiles depends on. */
struct PagePlan {
    PageGeometry geometry;
    /** Global pools: each takes a pass of its own over an image in tiles. */
    size_t pools = 0;
    /** All tiles are computed in one size: memory that is kept from tile to tile then fits, which is worth
     * some pixels that nobody needs. */
    bool oneSize = false;
};

/** One tile that a lane is to compute. */
struct TileStep {
    TileTask task;
    PoolMeans means;
    /** Only the source of the next pool is wanted, not pixels. */
    bool isSum = false;
};

/**
 * An image on its way through the lanes: which tiles are left, what is known of it so far, and the ladder of
 * tile sizes when memory runs out. Knows no threads; the engine's lock guards it.
 */
class PageWork {
  public:
    PageWork(const PageTask& task, const PagePlan& plan);

    /** Whether a tile can be started now. Not while other tiles of the same image must be waited for. */
    bool hasStep() const;

    /** Call it only when hasStep. Each step ends with one of the three calls below. */
    TileStep takeStep();

    void finishTile(const Rect& core, const TileReport& report);
    void finishSum(const PoolSums& sums);
    void failStep(const Failure& failure);

    /** No further step is started; those at work are waited for. */
    void stop(const Failure& failure);

    /** Nothing is left to do and nobody is at work. */
    bool isFinished() const { return running_ == 0 && (failure_ || isComplete()); }

    /** Why the image is not upscaled; null when it is. To be read once it is finished. */
    const Failure* failure() const { return failure_.get(); }

    /** Tile side in input pixels. */
    int tile() const { return tile_; }
    /** Steps that have ended well since the tile side was chosen, and all that it takes. */
    int done() const { return done_; }
    int total() const { return static_cast<int>(grid_.cores.size()) * passes(); }
    /** Rows of the output, from its top, that can be read; 0 of an image that has failed, else never fewer
     * than before: with smaller tiles they are written once more, by the same values but for rounding. */
    int finalRows() const { return failure_ ? 0 : finalRows_ * plan_.geometry.scale; }

  private:
    /** A row of tiles that is not upscaled yet. */
    struct TileRow {
        int bottom = 0;
        int tilesLeft = 0;
    };

    void divide();
    void noteFinalRows(const Rect& core);
    void endStep();
    int passes() const { return static_cast<int>(poolPasses_) + 1; }
    bool isComplete() const { return done_ == total(); }
    void gatherMeans();
    void checkPeaks();

    const PageTask task_;
    const PagePlan plan_;
    int tile_;
    TileGrid grid_;
    size_t poolPasses_ = 0;
    size_t next_ = 0;
    int running_ = 0;
    int done_ = 0;
    bool isOutOfMemory_ = false;
    PoolSums sums_;
    PoolMeans means_;
    TileReport peaks_;
    /** By first input row. */
    std::map<int, TileRow> tileRows_;
    /** Of the input. */
    int finalRows_ = 0;
    std::unique_ptr<Failure> failure_;
};

}  // namespace bdreader
