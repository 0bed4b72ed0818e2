#pragma once

#include <string>
#include <vector>

#include "tile_task.h"

namespace bdreader {

/**
 * A layer that averages a blob over the whole image, as the squeeze-and-excitation blocks of Real-CUGAN and
 * cunet do. In tiles its value is gathered over all of them, so that every tile computes with what the whole
 * image would give.
 */
struct GlobalPool {
    /** Blob that the layer writes. */
    std::string pooled;
    /** Blob that it averages. */
    std::string source;
    int channels = 0;
    /** Input pixels per pixel of `source`: a fraction. */
    int strideNumerator = 1;
    int strideDenominator = 1;
};

/** Sums over pixels of a pool's source, to be added up over the tiles of an image. */
struct PoolSums {
    std::vector<double> channels;
    double pixels = 0;
};

/**
 * The part of a tile's `source` map that is the tile's own share: the shares of all tiles make up the map of
 * the whole image, each pixel of it once.
 *
 * @param mapSize of the tile's map, which is larger than the tile by what the context brings
 * @throws Failure kModelInvalid when the map does not lie on the tile as the pool says
 */
Rect poolShare(const GlobalPool& pool, const PageGeometry& geometry, const TileTask& task, Size mapSize);

}  // namespace bdreader
