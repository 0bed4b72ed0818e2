#include "tiling.h"

#include <algorithm>
#include <numeric>

namespace bdreader {

namespace {

constexpr int kWinogradPhase = 12;

struct Span {
    int start;
    int length;
};

std::vector<Span> divideLine(int length, int side, int phase) {
    const int longest = std::max(phase, side / phase * phase);
    const int count = (length + longest - 1) / longest;
    const int step = roundUp((length + count - 1) / count, phase);
    std::vector<Span> spans;
    for (int start = 0; start < length; start += step) {
        spans.push_back({start, std::min(step, length - start)});
    }
    return spans;
}

}  // namespace

int roundUp(int value, int step) {
    return (value + step - 1) / step * step;
}

std::vector<Rect> divideIntoTiles(Size image, int side, int alignment) {
    const int phase = std::lcm(kWinogradPhase, alignment);
    std::vector<Rect> tiles;
    for (const Span& row : divideLine(image.height, side, phase)) {
        for (const Span& column : divideLine(image.width, side, phase)) {
            tiles.push_back({column.start, row.start, column.length, row.length});
        }
    }
    return tiles;
}

Rect grow(Rect core, int context) {
    return {core.x - context, core.y - context, core.width + 2 * context, core.height + 2 * context};
}

int mirroredIndex(int index, int length) {
    if (length == 1) return 0;
    const int period = 2 * (length - 1);
    int phase = index % period;
    if (phase < 0) phase += period;
    return phase < length ? phase : period - phase;
}

}  // namespace bdreader
