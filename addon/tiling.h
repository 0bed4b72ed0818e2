#pragma once

#include <vector>

namespace bdreader {

/** A rectangle in pixels; `x` and `y` may be negative where a tile's context reaches over the image's edge.
 */
struct Rect {
    int x = 0;
    int y = 0;
    int width = 0;
    int height = 0;
};

struct Size {
    int width = 0;
    int height = 0;
};

/** Smallest side of a tile that is accepted, in input pixels. */
constexpr int kSmallestTile = 32;

/** @return `value` rounded up to a multiple of `step`; both positive. */
int roundUp(int value, int step);

/** A division of an image into tiles. */
struct TileGrid {
    /** At least as large as each core: computed as this, all tiles have tensors of one size. */
    Size computed;
    /** What each tile contributes: a partition of the image, row by row from the top. */
    std::vector<Rect> cores;
};

/**
 * Divides an image into a grid of nearly equal tiles.
 *
 * Tiles start at multiples of 12: the least common multiple of the output blocks (2, 4 and 6) of ncnn's
 * Winograd convolutions, so that a tile's blocks fall where the whole image's blocks fall and round the same
 * way.
 *
 * @param image size in input pixels, both sides at least 1
 * @param side longest side of a tile in input pixels, at least kSmallestTile
 * @param alignment tiles start at multiples of this too
 */
TileGrid divideIntoTiles(Size image, int side, int alignment);

/** @return the part of the image that `core` needs as input: grown by `context` pixels on every side. */
Rect grow(Rect core, int context);

/** What lies outside of an image: its own pixels, mirrored at the edge, or the pixels of the edge itself. */
enum class Edges { kMirror, kReplicate };

/** @return the index inside [0, length) that position `index` of a line shows; it may lie outside of the
 * line. */
int indexInside(int index, int length, Edges edges);

}  // namespace bdreader
