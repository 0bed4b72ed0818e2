#pragma once

#include <cstdint>
#include <vector>

#include "tiling.h"

namespace bdreader {

constexpr int kChannels = 3;

/** Interleaved 8-bit RGB, rows top-down without gaps. Not owned. */
struct ConstPixels {
    const uint8_t* data;
    Size size;
};

struct Pixels {
    uint8_t* data;
    Size size;
};

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
    Edges edges = Edges::kMirror;
};

/** One tile of one image: what it reads, what it writes. */
struct TileTask {
    ConstPixels input{};
    /** `input`'s size times the scale. */
    Pixels output{};
    /** The part of the image that the tile contributes, in input pixels. */
    Rect core;
    /** At least as large as the core: what is computed, without the context around it. */
    Size computed;
};

/** Means that the network's global pools have over the whole image, in the order of the pools; those known so
 * far. */
using PoolMeans = std::vector<std::vector<float>>;

}  // namespace bdreader
