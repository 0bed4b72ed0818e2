#include "fused_weights.h"

#include <cstddef>
#include <numeric>

namespace bdreader {

namespace {

/** A row of the right matrix: a source channel of a place of the grid, at a tap. */
struct Row {
    int block, channel, dx, dy;
};

/** @return the layer's weight of a row for a result; 0 where there is none */
float weightAt(const FusedShape& shape, const float* weights, const Row& row,
               const std::optional<FusedShape::Result>& result) {
    const int input = row.block * kFusedBlock + row.channel;
    if (!result || input >= shape.inputs) return 0;
    // A deconvolution's kernel goes from the source to the target, so its taps count backwards.
    const auto along = [&shape](int tap, int pixel) {
        return shape.spread > 1 ? (shape.kernel - 1 - tap) * shape.spread + pixel : tap;
    };
    const int x = along(row.dx, result->x);
    const int y = along(row.dy, result->y);
    const size_t plane =
        static_cast<size_t>(result->channel) * static_cast<size_t>(shape.inputs) + static_cast<size_t>(input);
    const int side = shape.side();
    return weights[plane * static_cast<size_t>(side * side) + static_cast<size_t>(y * side + x)];
}

}  // namespace

FragmentOrder storedOrder() {
    FragmentOrder order{};
    std::iota(order.begin(), order.end(), 0);
    return order;
}

std::vector<float> fusedWeights(const FusedShape& shape, const float* weights, const FragmentOrder& order) {
    std::vector<float> ordered;
    ordered.reserve(static_cast<size_t>(shape.groups() * shape.blocksOut()) *
                    static_cast<size_t>(shape.sourceBlocks() * shape.taps()) * kFusedBlockWeights);
    for (int group = 0; group < shape.groups(); group++) {
        for (int block = 0; block < shape.sourceBlocks(); block++) {
            for (int tap = 0; tap < shape.taps(); tap++) {
                for (int first = 0; first < shape.blocksOut() * kFusedBlock; first += kFusedBlock) {
                    for (const int place : order) {
                        const Row row{block, place % kFusedBlock, tap / shape.kernel, tap % shape.kernel};
                        ordered.push_back(weightAt(shape, weights, row,
                                                   shape.resultAt(group, first + place / kFusedBlock)));
                    }
                }
            }
        }
    }
    return ordered;
}

std::vector<float> fusedBias(const FusedShape& shape, const float* bias) {
    std::vector<float> rows;
    rows.reserve(static_cast<size_t>(shape.groups() * shape.blocksOut()) * kFusedBlockWeights);
    for (int group = 0; group < shape.groups(); group++) {
        for (int block = 0; block < shape.blocksOut(); block++) {
            for (int i = 0; i < kFusedBlockWeights; i++) {
                const auto result = shape.resultAt(group, block * kFusedBlock + i % kFusedBlock);
                rows.push_back(bias && result ? bias[result->channel] : 0.f);
            }
        }
    }
    return rows;
}

}  // namespace bdreader
