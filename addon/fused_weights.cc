#include "fused_weights.h"

#include <cstddef>
#include <numeric>

namespace bdreader {

namespace {

constexpr int kMostBlocksOut = 4;
constexpr int kKernel = 3;
constexpr int kTaps = kKernel * kKernel;

int divideUp(int value, int divisor) {
    return (value + divisor - 1) / divisor;
}

}  // namespace

int FusedBlocks::groups() const {
    return divideUp(divideUp(outputs, kFusedBlock), kMostBlocksOut);
}

int FusedBlocks::blocksOut() const {
    return divideUp(divideUp(outputs, kFusedBlock), groups());
}

FragmentOrder storedOrder() {
    FragmentOrder order{};
    std::iota(order.begin(), order.end(), 0);
    return order;
}

std::vector<float> fusedWeights(const FusedBlocks& blocks, const float* weights, const FragmentOrder& order) {
    const int perGroup = blocks.blocksOut() * kFusedBlock;
    const int paddedInputs = blocks.sourceBlocks() * kFusedBlock;
    std::vector<float> ordered;
    ordered.reserve(static_cast<size_t>(blocks.groups()) * static_cast<size_t>(paddedInputs) * kTaps *
                    static_cast<size_t>(perGroup));
    const auto at = [&](int output, int input, int tap) {
        if (output >= blocks.outputs || input >= blocks.inputs) return 0.f;
        return weights[(static_cast<size_t>(output) * static_cast<size_t>(blocks.inputs) +
                        static_cast<size_t>(input)) *
                           kTaps +
                       static_cast<size_t>(tap)];
    };
    for (int group = 0; group < blocks.groups(); group++) {
        for (int block = 0; block < blocks.sourceBlocks(); block++) {
            for (int step = 0; step < kTaps; step++) {
                const int tap = step % kKernel * kKernel + step / kKernel;
                for (int output = group * perGroup; output < (group + 1) * perGroup; output += kFusedBlock) {
                    for (const int place : order) {
                        ordered.push_back(
                            at(output + place / kFusedBlock, block * kFusedBlock + place % kFusedBlock, tap));
                    }
                }
            }
        }
    }
    return ordered;
}

std::vector<float> fusedBias(const FusedBlocks& blocks, const float* bias) {
    std::vector<float> rows;
    const int count = blocks.groups() * blocks.blocksOut();
    rows.reserve(static_cast<size_t>(count) * kFusedBlock * kFusedBlock);
    for (int block = 0; block < count; block++) {
        for (int i = 0; i < kFusedBlock * kFusedBlock; i++) {
            const int output = block * kFusedBlock + i % kFusedBlock;
            rows.push_back(bias && output < blocks.outputs ? bias[output] : 0.f);
        }
    }
    return rows;
}

}  // namespace bdreader
