#pragma once

#include <array>
#include <vector>

namespace bdreader {

/** Channels that a matrix unit takes at once. */
constexpr int kFusedBlock = 16;
constexpr int kFusedBlockWeights = kFusedBlock * kFusedBlock;

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
 * Where in a block of 16 outputs x 16 inputs the weights are that the invocations of a subgroup hold, eight
 * each, one invocation after the other: a permutation of all places.
 */
using FragmentOrder = std::array<int, kFusedBlockWeights>;

/** @return the order in which a block is stored */
FragmentOrder storedOrder();

/**
 * @param weights outputs x inputs x 3 x 3, as ncnn reads them
 * @return groups x source blocks x 9 taps, column by column, x blocksOut x the 256 weights of a block in this
 * order
 */
std::vector<float> fusedWeights(const FusedBlocks& blocks, const float* weights, const FragmentOrder& order);

/**
 * @param bias a value for each output; null for none
 * @return groups x blocksOut x 16 equal rows x 16 outputs
 */
std::vector<float> fusedBias(const FusedBlocks& blocks, const float* bias);

}  // namespace bdreader
