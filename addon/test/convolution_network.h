#pragma once

#include "../network_options.h"
#include "tiny_network.h"

namespace bdreader::test {

/** A network that doubles an image, of three 3x3 convolutions: 3 -> inputs -> outputs -> 12 channels. */
struct ConvolutionNetwork {
    int inputs = 16;
    int outputs = 16;
    /** Of the convolution in the middle. */
    int pad = 1;
    /** ncnn's number: 0 none, 1 ReLU, 2 leaky ReLU, 4 sigmoid. */
    int activation = 2;
};

/**
 * Writes the network with weights from a fixed seed that keep the values' size, so that a wrong one shows.
 *
 * @return options that load it onto the CPU, on one thread
 */
NetworkOptions writeConvolutions(const ConvolutionNetwork& network, const TemporaryFolder& folder);

/** A network of a 3x3 convolution, a deconvolution with stride 2 and another convolution, which doubles an
 * image.
 */
struct DeconvolutionNetwork {
    int side;
    /** Rows and columns that are cut off on each side. */
    int cut;
    int inputs;
    int outputs;
};

/** As writeNetwork. */
NetworkOptions writeDeconvolution(const DeconvolutionNetwork& network, const TemporaryFolder& folder);

}  // namespace bdreader::test
