#include "random_weights.h"

#include <cmath>
#include <cstdint>

namespace bdreader::test {

void RandomWeights::append(const void* value, size_t count) {
    bytes_.append(static_cast<const char*>(value), count);
}

void RandomWeights::layer(int count, int summands, int biases) {
    // A tag that says fp32, the weights, and the bias as it is.
    const uint32_t fp32 = 0;
    append(&fp32, sizeof fp32);
    const float gain = std::sqrt(3.f / static_cast<float>(summands));
    std::uniform_real_distribution<float> weight(-gain, gain);
    for (int i = 0; i < count; i++) {
        const float value = weight(random_);
        append(&value, sizeof value);
    }
    std::uniform_real_distribution<float> bias(0.2f, 0.6f);
    for (int i = 0; i < biases; i++) {
        const float value = bias(random_);
        append(&value, sizeof value);
    }
}

}  // namespace bdreader::test
