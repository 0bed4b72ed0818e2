#include "../fused_weights.h"

#include <algorithm>
#include <limits>
#include <set>
#include <vector>

#include "../fragment_order.h"
#include "check.h"

namespace bdreader::test {

namespace {

/** A convolution of 3x3. */
FusedShape convolution(int inputs, int outputs) {
    FusedShape shape;
    shape.inputs = inputs;
    shape.outputs = outputs;
    return shape;
}

void blocksFitTheChannels() {
    struct Expected {
        FusedShape shape;
        int sourceBlocks, blocksIn, groups, blocksOut;
    };
    for (const Expected& one :
         {Expected{convolution(16, 16), 1, 1, 1, 1}, Expected{convolution(12, 12), 1, 1, 1, 1},
          Expected{convolution(48, 48), 3, 1, 1, 3}, Expected{convolution(64, 64), 4, 2, 1, 4},
          Expected{convolution(128, 128), 8, 2, 2, 4}, Expected{convolution(36, 68), 3, 1, 2, 3}}) {
        EXPECT_EQUAL(one.shape.sourceBlocks(), one.sourceBlocks);
        EXPECT_EQUAL(one.shape.blocksIn(), one.blocksIn);
        EXPECT_EQUAL(one.shape.groups(), one.groups);
        EXPECT_EQUAL(one.shape.blocksOut(), one.blocksOut);
    }
}

/** Each weight is its own number, so that a place tells which one it holds. */
void everyWeightHasItsPlace() {
    constexpr int kInputs = 20;
    constexpr int kOutputs = 68;
    const FusedShape shape = convolution(kInputs, kOutputs);
    std::vector<float> weights(kInputs * kOutputs * 9);
    for (size_t i = 0; i < weights.size(); i++) weights[i] = static_cast<float>(i + 1);
    // Of a device that holds the columns of a block before its rows.
    FragmentOrder order{};
    for (int i = 0; i < 256; i++) order[static_cast<size_t>(i)] = i % 16 * 16 + i / 16;
    const std::vector<float> ordered = fusedWeights(shape, weights.data(), order);
    EXPECT_EQUAL(ordered.size(), size_t{2 * 2 * 9 * 16 * 48});
    const auto at = [&](int group, int block, int tap, int input, int output) {
        const int step = (group * 2 + block) * 9 + tap % 3 * 3 + tap / 3;
        const int place = (step * 3 + output / 16) * 256 + input * 16 + output % 16;
        return ordered[static_cast<size_t>(place)];
    };
    EXPECT_EQUAL(at(0, 0, 0, 0, 0), 1.f);
    EXPECT_EQUAL(at(0, 1, 5, 3, 7), static_cast<float>((7 * kInputs + 19) * 9 + 5 + 1));
    EXPECT_EQUAL(at(1, 0, 8, 15, 19), static_cast<float>((67 * kInputs + 15) * 9 + 8 + 1));
    EXPECT_EQUAL(at(0, 1, 0, 4, 0), 0.f);
    EXPECT_EQUAL(at(1, 0, 0, 0, 20), 0.f);
    // All weights, and zero.
    EXPECT_EQUAL(std::set<float>(ordered.begin(), ordered.end()).size(), weights.size() + 1);
}

void ordersArePermutations() {
    const FragmentOrder stored = storedOrder();
    std::vector<float> places(stored.rbegin(), stored.rend());
    const std::optional<FragmentOrder> reversed = checkedOrder(places);
    EXPECT(reversed && std::equal(reversed->begin(), reversed->end(), stored.rbegin()));
    for (const float wrong : {3.f, -1.f, 256.f, 0.5f, std::numeric_limits<float>::quiet_NaN()}) {
        places[0] = wrong;
        EXPECT(!checkedOrder(places));
    }
    places.erase(places.begin());
    EXPECT(!checkedOrder(places));
}

void biasIsRepeatedInRows() {
    std::vector<float> bias(20);
    for (size_t i = 0; i < bias.size(); i++) bias[i] = static_cast<float>(i + 1);
    const std::vector<float> rows = fusedBias(convolution(16, 20), bias.data());
    EXPECT_EQUAL(rows.size(), size_t{2 * 256});
    for (size_t row = 0; row < 16; row++) {
        EXPECT_EQUAL(rows[row * 16 + 15], 16.f);
        EXPECT_EQUAL(rows[256 + row * 16 + 3], 20.f);
        EXPECT_EQUAL(rows[256 + row * 16 + 4], 0.f);
    }
    EXPECT(fusedBias(convolution(16, 20), nullptr) == std::vector<float>(512));
}

REGISTER_CASE("fused weights", "channels are cut into blocks", blocksFitTheChannels);
REGISTER_CASE("fused weights", "every weight has its place", everyWeightHasItsPlace);
REGISTER_CASE("fused weights", "an order is a permutation of all places", ordersArePermutations);
REGISTER_CASE("fused weights", "the bias is repeated in rows", biasIsRepeatedInRows);

}  // namespace

}  // namespace bdreader::test
