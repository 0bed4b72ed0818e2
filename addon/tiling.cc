#include "tiling.h"

#include <algorithm>
#include <numeric>

namespace bdreader {

namespace {

constexpr int kWinogradPhase = 12;

/** One direction of the grid: every start is a multiple of `step`, which is a multiple of `phase`. */
int stepOf(int length, int side, int phase) {
    if (length <= side) return roundUp(length, phase);
    const int longest = std::max(phase, side / phase * phase);
    const int count = (length + longest - 1) / longest;
    return roundUp((length + count - 1) / count, phase);
}

}  // namespace

int roundUp(int value, int step) {
    return (value + step - 1) / step * step;
}

TileGrid divideIntoTiles(Size image, int side, int alignment) {
    const int phase = std::lcm(kWinogradPhase, alignment);
    TileGrid grid;
    grid.computed = {stepOf(image.width, side, phase), stepOf(image.height, side, phase)};
    for (int y = 0; y < image.height; y += grid.computed.height) {
        for (int x = 0; x < image.width; x += grid.computed.width) {
            grid.cores.push_back({x, y, std::min(grid.computed.width, image.width - x),
                                  std::min(grid.computed.height, image.height - y)});
        }
    }
    if (grid.cores.size() == 1) {
        grid.computed = {roundUp(image.width, alignment), roundUp(image.height, alignment)};
    }
    return grid;
}

Rect grow(Rect core, int context) {
    return {core.x - context, core.y - context, core.width + 2 * context, core.height + 2 * context};
}

int indexInside(int index, int length, Edges edges) {
    if (edges == Edges::kReplicate) return std::min(std::max(index, 0), length - 1);
    if (length == 1) return 0;
    const int period = 2 * (length - 1);
    int phase = index % period;
    if (phase < 0) phase += period;
    return phase < length ? phase : period - phase;
}

}  // namespace bdreader
