#pragma once

#include <vector>

namespace bdreader {

/** Channels that a matrix unit takes at once. */
constexpr int kFusedBlock = 16;

/** How the channels of a 3x3 convolution are cut into blocks; the last ones are filled up with zeros. */
struct FusedBlocks {
    int inputs = 0;
    int outputs = 0;

    /** Blocks of input channels in all. */
    int sourceBlocks() const { return (inputs + kFusedBlock - 1) / kFusedBlock; }
    /** Of these, what is read into shared memory at once: two where that leaves no rest. */
    int blocksIn() const { return sourceBlocks() % 2 == 0 ? 2 : 1; }
    /** Workgroups that share the output channels of a pixel; more than 64 would take too many registers. */
    int groups() const;
    /** Blocks of output channels that a workgroup computes. */
    int blocksOut() const;
};

/**
 * @param weights outputs x inputs x 3 x 3, as ncnn reads them
 * @return groups x source blocks x 9 taps x 16 inputs x (16 * blocksOut) outputs
 */
std::vector<float> fusedWeights(const FusedBlocks& blocks, const float* weights);

/**
 * @param bias a value for each output; null for none
 * @return groups x blocksOut x 16 equal rows x 16 outputs
 */
std::vector<float> fusedBias(const FusedBlocks& blocks, const float* bias);

}  // namespace bdreader
