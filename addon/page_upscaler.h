#pragma once

#include <functional>
#include <memory>

#include "crossing.h"
#include "network.h"

namespace bdreader {

/** How a network's output lies over its input; the same for every image. */
struct PageGeometry {
    /** Output pixels per input pixel. */
    int scale = 2;
    /** Input pixels around a tile that its output depends on. */
    int context = 0;
    /** Input pixels per side that the network consumes; 0 when its output covers the whole input. */
    int consumed = 0;
    /** The sides of a tile without its context must be multiples of this. */
    int alignment = 1;
    /** The network gives only what is to be added to the enlarged input. */
    bool addsNearest = false;
};

/** One image: where it is, where its result goes. */
struct PageTask {
    ConstPixels input{};
    /** `input`'s size times the scale. */
    Pixels output{};
    /** Longest tile side in input pixels, at least kSmallestTile. */
    int tile = kSmallestTile;
};

/** Asked before each tile, by any of the threads that compute tiles; told after each, by one at a time. */
struct PageProgress {
    /** @return whether the work should end now */
    std::function<bool()> isCancelled;
    std::function<void(int done, int total)> onTile;
};

/** Upscales images tile by tile through one runner, with threads of its own where the runner allows more than
 * one. One thread at a time may call it. */
class PageUpscaler {
  public:
    PageUpscaler(std::unique_ptr<Runner> runner, const PageGeometry& geometry);

    /**
     * @return the tile side that was used: smaller than asked for when memory ran out
     * @throws Failure kCancelled, kOutOfMemory when even the smallest tile does not fit, kGpuLost, kInternal
     */
    int upscale(const PageTask& task, const PageProgress& progress);

  private:
    void upscaleInTiles(const PageTask& task, int tile, const PageProgress& progress);
    void upscaleTile(const PageTask& task, Rect core, Size computed);
    void forgetOtherSizes(Size computed);

    std::unique_ptr<Runner> runner_;
    const PageGeometry geometry_;
    Size lastComputed_{};
};

}  // namespace bdreader
