#pragma once

#include <string>

#include "fused_convolution.h"
#include "own_layers_net.h"

namespace bdreader {

/**
 * Lets fused layers compute what layers beside them would in passes of their own: factors for each channel of
 * the source, as squeeze-and-excitation makes them, and the sum of the result and the middle of another
 * tensor, as U-nets have it. The layers that this saves stay in the net, but nothing asks for their results.
 *
 * @param net its graph loaded, its weights not yet
 * @param paramPath file that the graph is from
 */
void mergeIntoFused(OwnLayersNet& net, const FusedConvolutions& fused, const std::string& paramPath);

}  // namespace bdreader
