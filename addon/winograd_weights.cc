#include "winograd_weights.h"

#include <array>
#include <cmath>

#include "winograd_kernels.h"

namespace bdreader {

namespace {

constexpr int kSide = 3;

using Transformed = std::array<double, kWinogradProducts>;
using Matrix = std::array<std::array<double, kSide>, kWinogradSide>;

/** G, for the points of winograd_kernel.h. */
Matrix transform() {
    const double root = std::sqrt(2.0);
    return {{{1, 0, 0},
             {-2.0 / 3, -root / 3, -1.0 / 3},
             {-2.0 / 3, root / 3, -1.0 / 3},
             {1.0 / 6, root / 6, 1.0 / 3},
             {1.0 / 6, -root / 6, 1.0 / 3},
             {0, 0, 1}}};
}

/** @param taps 3x3 */
Transformed transformed(const Matrix& matrix, const float* taps) {
    Transformed result{};
    for (size_t y = 0; y < kWinogradSide; y++) {
        for (size_t x = 0; x < kWinogradSide; x++) {
            double sum = 0;
            for (size_t i = 0; i < kSide; i++) {
                for (size_t j = 0; j < kSide; j++) {
                    sum += matrix[y][i] * static_cast<double>(taps[i * kSide + j]) * matrix[x][j];
                }
            }
            result[y * kWinogradSide + x] = sum;
        }
    }
    return result;
}

}  // namespace

ncnn::Mat winogradWeights(const DirectShape& shape, int width, const ncnn::Mat& weights) {
    ncnn::Mat ordered(shape.inputs * shape.outputs * kWinogradProducts);
    if (ordered.empty()) return ordered;
    const Matrix matrix = transform();
    const auto inputs = static_cast<size_t>(shape.inputs);
    const float* taps = weights;
    float* group = ordered;
    for (const int vectors : directGroups(shape, width)) {
        const auto outputs = static_cast<size_t>(vectors * width);
        for (size_t output = 0; output < outputs; output++) {
            for (size_t input = 0; input < inputs; input++, taps += shape.taps()) {
                const Transformed values = transformed(matrix, taps);
                for (size_t product = 0; product < values.size(); product++) {
                    group[(product * inputs + input) * outputs + output] =
                        static_cast<float>(values[product]);
                }
            }
        }
        group += outputs * inputs * kWinogradProducts;
    }
    return ordered;
}

}  // namespace bdreader
