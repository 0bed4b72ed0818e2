#include "global_pools.h"

#include "failure.h"

namespace bdreader {

namespace {

struct Span {
    int begin = 0;
    int end = 0;
};

/** Input pixels to pixels of the map; the alignment of tiles makes that a whole number. */
int mapLength(const GlobalPool& pool, int length) {
    return length * pool.strideDenominator / pool.strideNumerator;
}

Span shareAlong(const GlobalPool& pool, int alignment, int start, int length, int computed, int imageLength,
                int mapSide) {
    // Half of what the context brings lies before the tile, so the share is as far from both borders as it
    // can be.
    const int margin = mapSide - mapLength(pool, computed);
    const int lead = margin / 2;
    if (margin < 0) {
        throw Failure(FailureCode::kModelInvalid,
                      "expected " + pool.source + " to cover its tile, received " + std::to_string(mapSide) +
                          " of " + std::to_string(mapLength(pool, computed)) + " pixels");
    }
    const bool isLast = start + length >= imageLength;
    const int own = mapLength(pool, isLast ? roundUp(length, alignment) : length);
    return {start == 0 ? 0 : lead, isLast ? own + margin : lead + own};
}

}  // namespace

Rect poolShare(const GlobalPool& pool, const PageGeometry& geometry, const TileTask& task, Size mapSize) {
    const Rect& core = task.core;
    const Span x = shareAlong(pool, geometry.alignment, core.x, core.width, task.computed.width,
                              task.input.size.width, mapSize.width);
    const Span y = shareAlong(pool, geometry.alignment, core.y, core.height, task.computed.height,
                              task.input.size.height, mapSize.height);
    return {x.begin, y.begin, x.end - x.begin, y.end - y.begin};
}

}  // namespace bdreader
