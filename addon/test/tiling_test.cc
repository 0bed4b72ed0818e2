#include "../tiling.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "check.h"

namespace bdreader::test {

namespace {

constexpr int kWinogradPhase = 12;

const std::vector<Size> kImages{{1, 1},   {1, 500},  {500, 1},  {31, 33},  {32, 32},
                                {97, 64}, {130, 77}, {257, 99}, {300, 211}};
const std::vector<int> kSides{32, 33, 47, 64, 100, 256, 1000};
const std::vector<int> kAlignments{1, 2, 4, 5, 8};

/** Calls check(image, side, alignment, phase of tile starts, grid) for every division. */
template <typename Check>
void forEachGrid(Check check) {
    for (const Size image : kImages) {
        for (const int side : kSides) {
            for (const int alignment : kAlignments) {
                check(image, side, alignment, std::lcm(kWinogradPhase, alignment),
                      divideIntoTiles(image, side, alignment));
            }
        }
    }
}

void tilesPartitionTheImage() {
    forEachGrid([](Size image, int, int, int, const TileGrid& grid) {
        std::vector<int> covered(static_cast<size_t>(image.width) * static_cast<size_t>(image.height), 0);
        for (const Rect& core : grid.cores) {
            EXPECT(core.x >= 0 && core.y >= 0 && core.width > 0 && core.height > 0);
            EXPECT(core.x + core.width <= image.width && core.y + core.height <= image.height);
            for (int y = core.y; y < core.y + core.height; y++) {
                for (int x = core.x; x < core.x + core.width; x++) {
                    covered[static_cast<size_t>(y) * static_cast<size_t>(image.width) +
                            static_cast<size_t>(x)]++;
                }
            }
        }
        EXPECT(std::all_of(covered.begin(), covered.end(), [](int times) { return times == 1; }));
    });
}

void tilesStartInPhase() {
    forEachGrid([](Size, int, int, int phase, const TileGrid& grid) {
        for (const Rect& core : grid.cores) {
            EXPECT_EQUAL(core.x % phase, 0);
            EXPECT_EQUAL(core.y % phase, 0);
        }
    });
}

void tilesAreNotLongerThanAsked() {
    forEachGrid([](Size, int side, int, int phase, const TileGrid& grid) {
        for (const Rect& core : grid.cores) {
            EXPECT(core.width <= std::max(side, phase));
            EXPECT(core.height <= std::max(side, phase));
        }
    });
}

void computedSizeServesEveryTile() {
    forEachGrid([](Size, int, int alignment, int, const TileGrid& grid) {
        EXPECT_EQUAL(grid.computed.width % alignment, 0);
        EXPECT_EQUAL(grid.computed.height % alignment, 0);
        for (const Rect& core : grid.cores) {
            EXPECT(core.width <= grid.computed.width && core.height <= grid.computed.height);
        }
    });
}

void tilesGoFromTheTopRowByRow() {
    forEachGrid([](Size, int, int, int, const TileGrid& grid) {
        EXPECT(std::is_sorted(grid.cores.begin(), grid.cores.end(), [](const Rect& a, const Rect& b) {
            return a.y != b.y ? a.y < b.y : a.x < b.x;
        }));
    });
}

/** Walks pixel by pixel and turns round at the last one of each end. */
int mirroredByWalking(int index, int length) {
    int position = 0;
    int direction = 1;
    for (int step = 0; step < std::abs(index); step++) {
        if (position + direction < 0 || position + direction >= length) direction = -direction;
        if (length > 1) position += direction;
    }
    return position;
}

void mirrorFollowsAWalk() {
    for (int length = 1; length <= 9; length++) {
        for (int index = -40; index <= 40; index++) {
            EXPECT_EQUAL(indexInside(index, length, Edges::kMirror), mirroredByWalking(index, length));
        }
    }
}

void replicationStopsAtTheEdge() {
    for (int length = 1; length <= 9; length++) {
        for (int index = -40; index <= 40; index++) {
            const int expected = index < 0 ? 0 : index >= length ? length - 1 : index;
            EXPECT_EQUAL(indexInside(index, length, Edges::kReplicate), expected);
        }
    }
}

void roundingUp() {
    EXPECT_EQUAL(roundUp(1, 12), 12);
    EXPECT_EQUAL(roundUp(12, 12), 12);
    EXPECT_EQUAL(roundUp(13, 12), 24);
    const Rect grown = grow({5, 0, 10, 20}, 7);
    EXPECT(grown.x == -2 && grown.y == -7 && grown.width == 24 && grown.height == 34);
}

REGISTER_CASE("tiling", "every pixel belongs to exactly one tile", tilesPartitionTheImage);
REGISTER_CASE("tiling", "tiles start at multiples of the Winograd blocks and of the alignment",
              tilesStartInPhase);
REGISTER_CASE("tiling", "no tile is longer than asked for", tilesAreNotLongerThanAsked);
REGISTER_CASE("tiling", "the computed size is aligned and holds every tile", computedSizeServesEveryTile);
REGISTER_CASE("tiling", "tiles go row by row from the top", tilesGoFromTheTopRowByRow);
REGISTER_CASE("tiling", "a mirrored edge shows what a walk to and fro meets", mirrorFollowsAWalk);
REGISTER_CASE("tiling", "a replicated edge shows the last pixel", replicationStopsAtTheEdge);
REGISTER_CASE("tiling", "rounding up and growing", roundingUp);

}  // namespace

}  // namespace bdreader::test
