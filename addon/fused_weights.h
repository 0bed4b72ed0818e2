#pragma once

#include <array>
#include <vector>

#include "fused_shape.h"

namespace bdreader {

constexpr int kFusedBlockWeights = kFusedBlock * kFusedBlock;

/**
 * Where in a block of 16 outputs x 16 inputs the weights are that the invocations of a subgroup hold, eight
 * each, one invocation after the other: a permutation of all places.
 */
using FragmentOrder = std::array<int, kFusedBlockWeights>;

/** @return the order in which a block is stored */
FragmentOrder storedOrder();

/**
 * @param weights outputs x inputs x side x side, as ncnn reads them
 * @return groups x source blocks x taps, column by column, x blocksOut x the 256 weights of a block in this
 * order
 */
std::vector<float> fusedWeights(const FusedShape& shape, const float* weights, const FragmentOrder& order);

/**
 * @param bias a value for each output; null for none
 * @return groups x blocksOut x 16 equal rows x 16 results
 */
std::vector<float> fusedBias(const FusedShape& shape, const float* bias);

}  // namespace bdreader
