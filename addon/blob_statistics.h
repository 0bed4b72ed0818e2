#pragma once

#include <ncnn/net.h>

#include <cstdint>
#include <string>
#include <vector>

#include "network_options.h"

namespace bdreader {

/** What to learn of a blob. */
struct BlobQuery {
    std::string name;
    /** Magnitudes up to this are counted, larger ones in the last bin; 0 for none. */
    float limit = 0;
};

/** How large the values of a blob are. */
struct BlobStatistics {
    float peak = 0;
    /** Values that are not zero by their magnitude, in bins of equal width from 0 to the query's limit; empty
     * without a limit. */
    std::vector<uint32_t> counts;
};

/**
 * Runs a network on the CPU over a whole image and its surroundings, as one tile, and keeps every blob until
 * it is looked at: for small images.
 *
 * @param net loaded onto the CPU
 * @param bins of each histogram, at least 1
 * @return one for each query, in their order
 * @throws Failure kModelInvalid for a blob that is not there or holds no float planes, kOutOfMemory,
 * kInternal for values that are not numbers
 */
std::vector<BlobStatistics> observeBlobs(const ncnn::Net& net, const NetworkOptions& options,
                                         ConstPixels image, const std::vector<BlobQuery>& queries,
                                         uint32_t bins);

}  // namespace bdreader
