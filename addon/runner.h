#pragma once

#include <cstdint>
#include <vector>

#include "global_pools.h"
#include "tile_task.h"

namespace bdreader {

/** Largest 8-bit values that a tile read and wrote. */
struct TileReport {
    uint8_t inputPeak = 0;
    uint8_t outputPeak = 0;
};

/**
 * Computes tiles, pixels in and pixels out. Each lane has its own, since memory is kept from tile to tile
 * without locks; the network is shared. One thread at a time may use it.
 */
class Runner {
  public:
    virtual ~Runner() = default;

    /**
     * Writes the tile's part of the output.
     *
     * @param means of every global pool, or none: then each averages over what the tile shows it
     * @throws Failure kOutOfMemory, kGpuLost, kModelInvalid, kInternal when a value is not a number
     */
    virtual TileReport upscale(const TileTask& task, const PoolMeans& means) = 0;

    /**
     * Adds up the tile's share of the source of the first pool whose mean is not known yet.
     *
     * @param means of the pools before it
     * @throws as upscale
     */
    virtual PoolSums sumPool(const TileTask& task, const PoolMeans& means) = 0;

    /** Gives memory kept for reuse back to the device. */
    virtual void releaseMemory() = 0;
};

}  // namespace bdreader
