#pragma once

#include <string>

#include "tiny_network.h"

namespace bdreader::test {

/**
 * A small U-net that doubles an image. A convolution of 2x2 halves it, its channels are weighted by their
 * means over the whole image, a deconvolution of 2x2 enlarges it, and the middle of what it was before is
 * added. A deconvolution of 4x4 makes three colours of it, to which two more convolutions add.
 */
struct UnetNetwork {
    /** Channels at the whole and at half the size. */
    int wide;
    int narrow;
    /** As other converters write it: cropped by as many rows and columns on each side, not to a size. */
    bool cropsByEnds = false;
};

/** Convolutions and deconvolutions that can be fused: all but the two that see three colours,
 * and the one that halves. */
constexpr int kFusableInUnet = 4;

/** @return the text of its graph */
std::string unetGraph(const UnetNetwork& network);

/** As writeNetwork. */
NetworkOptions writeUnet(const UnetNetwork& network, const TemporaryFolder& folder);

}  // namespace bdreader::test
