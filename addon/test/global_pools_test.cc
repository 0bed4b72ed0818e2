#include "../global_pools.h"

#include <algorithm>
#include <vector>

#include "check.h"

namespace bdreader::test {

namespace {

/** A pool's source: how many of its pixels lie on input pixels, and how many more than that a tile's context
 * brings. */
struct Source {
    int strideNumerator;
    int strideDenominator;
    int margin;
};

const std::vector<Source> kSources{{1, 1, 0}, {1, 1, 4}, {1, 1, 5}, {2, 1, 6},
                                   {4, 1, 3}, {1, 2, 7}, {2, 3, 8}};

int scaled(const Source& source, int length) {
    return length * source.strideDenominator / source.strideNumerator;
}

GlobalPool poolOf(const Source& source) {
    return {"pooled", "source", 8, source.strideNumerator, source.strideDenominator};
}

/** Where the shares of all tiles lie in the map of the whole image: how often each of its pixels is counted.
 */
std::vector<int> countedTimes(Size image, int side, int alignment, const Source& source, bool oneSize) {
    PageGeometry geometry;
    geometry.alignment = alignment;
    const TileGrid grid = divideIntoTiles(image, side, alignment);
    const Size whole{scaled(source, roundUp(image.width, alignment)) + source.margin,
                     scaled(source, roundUp(image.height, alignment)) + source.margin};
    std::vector<int> counted(static_cast<size_t>(whole.width) * static_cast<size_t>(whole.height), 0);
    for (const Rect& core : grid.cores) {
        TileTask task;
        task.input.size = image;
        task.core = core;
        task.computed =
            oneSize ? grid.computed : Size{roundUp(core.width, alignment), roundUp(core.height, alignment)};
        const Size map{scaled(source, task.computed.width) + source.margin,
                       scaled(source, task.computed.height) + source.margin};
        const Rect share = poolShare(poolOf(source), geometry, task, map);
        EXPECT(share.x >= 0 && share.y >= 0);
        EXPECT(share.x + share.width <= map.width && share.y + share.height <= map.height);
        for (int y = share.y; y < share.y + share.height; y++) {
            for (int x = share.x; x < share.x + share.width; x++) {
                const int row = scaled(source, core.y) + y;
                const int column = scaled(source, core.x) + x;
                EXPECT(row < whole.height && column < whole.width);
                counted[static_cast<size_t>(row) * static_cast<size_t>(whole.width) +
                        static_cast<size_t>(column)]++;
            }
        }
    }
    return counted;
}

void sharesPartitionTheMap(bool oneSize) {
    for (const Source& source : kSources) {
        for (const Size image : {Size{1, 1}, Size{40, 200}, Size{133, 90}, Size{257, 61}}) {
            for (const int side : {32, 50, 96, 400}) {
                for (const int alignment : {4, 8}) {
                    const std::vector<int> counted = countedTimes(image, side, alignment, source, oneSize);
                    EXPECT(std::all_of(counted.begin(), counted.end(), [](int times) { return times == 1; }));
                }
            }
        }
    }
}

void mapThatDoesNotCoverItsTileFails() {
    TileTask task;
    task.input.size = {64, 64};
    task.core = {0, 0, 32, 32};
    task.computed = {32, 32};
    const PageGeometry geometry;
    const GlobalPool pool = poolOf({2, 1, 0});
    poolShare(pool, geometry, task, {16, 16});
    EXPECT_FAILURE(FailureCode::kModelInvalid, poolShare(pool, geometry, task, {15, 16}));
    EXPECT_FAILURE(FailureCode::kModelInvalid, poolShare(pool, geometry, task, {16, 15}));
}

REGISTER_CASE("global pools", "shares of tiles of several sizes make up the whole map",
              [] { sharesPartitionTheMap(false); });
REGISTER_CASE("global pools", "shares of tiles computed in one size make up the whole map",
              [] { sharesPartitionTheMap(true); });
REGISTER_CASE("global pools", "a map that is smaller than its tile is a failure",
              mapThatDoesNotCoverItsTileFails);

}  // namespace

}  // namespace bdreader::test
