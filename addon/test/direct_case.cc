#include "direct_case.h"

#include <ncnn/cpu.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "check.h"

namespace bdreader::test {

namespace {

constexpr float kSlope = 0.2f;
constexpr int kReLU = 1;
constexpr int kLeakyReLU = 2;

ncnn::Mat randomRow(int count, float limit, uint32_t seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> value(-limit, limit);
    ncnn::Mat row(count);
    for (int i = 0; i < count; i++) row[i] = value(random);
    return row;
}

double activated(double sum, int activation) {
    if (sum >= 0) return sum;
    return activation == kReLU ? 0 : activation == kLeakyReLU ? sum * kSlope : sum;
}

}  // namespace

ncnn::ParamDict ConvolutionCase::params() const {
    ncnn::ParamDict params;
    const int keys[][2] = {{0, outputs},
                           {1, kernel.width},
                           {11, kernel.height},
                           {2, dilation},
                           {3, stride},
                           {4, pads[0]},
                           {15, pads[1]},
                           {14, pads[2]},
                           {16, pads[3]},
                           {5, hasBias ? 1 : 0},
                           {7, groups},
                           {9, activation},
                           {6, inputs * outputs * kernel.width * kernel.height}};
    for (const auto& [key, value] : keys) params.set(key, value);
    if (activation == kLeakyReLU) {
        ncnn::Mat slopes(1);
        slopes.fill(kSlope);
        params.set(10, slopes);
    }
    return params;
}

std::vector<ncnn::Mat> ConvolutionCase::weights() const {
    const int summands = inputs * kernel.width * kernel.height;
    std::vector<ncnn::Mat> mats{
        randomRow(summands * outputs, std::sqrt(3.f / static_cast<float>(summands)), 1)};
    if (hasBias) mats.push_back(randomRow(outputs, 1, 2));
    return mats;
}

ncnn::Mat randomPlanes(Size size, int channels) {
    const ncnn::Mat values = randomRow(size.width * size.height * channels, 1, 3);
    ncnn::Mat planes(size.width, size.height, channels);
    for (int c = 0; c < channels; c++) {
        const float* const from = static_cast<const float*>(values) + c * size.width * size.height;
        std::copy_n(from, size.width * size.height, static_cast<float*>(planes.channel(c)));
    }
    return planes;
}

ncnn::Mat convolveNaively(const ConvolutionCase& convolution, const ncnn::Mat& planes) {
    const auto& [inputs, outputs, kernel, stride, pads, hasBias, activation, dilation, groups] = convolution;
    const std::vector<ncnn::Mat> weights = convolution.weights();
    ncnn::Mat result((planes.w + pads[0] + pads[1] - kernel.width) / stride + 1,
                     (planes.h + pads[2] + pads[3] - kernel.height) / stride + 1, outputs);
    for (int o = 0; o < outputs; o++) {
        for (int y = 0; y < result.h; y++) {
            for (int x = 0; x < result.w; x++) {
                double sum = hasBias ? static_cast<double>(weights[1][o]) : 0;
                for (int i = 0; i < inputs; i++) {
                    for (int ky = 0; ky < kernel.height; ky++) {
                        for (int kx = 0; kx < kernel.width; kx++) {
                            const int fromX = x * stride + kx - pads[0];
                            const int fromY = y * stride + ky - pads[2];
                            if (fromX < 0 || fromX >= planes.w || fromY < 0 || fromY >= planes.h) continue;
                            const int tap = ((o * inputs + i) * kernel.height + ky) * kernel.width + kx;
                            sum += static_cast<double>(planes.channel(i).row(fromY)[fromX]) *
                                   static_cast<double>(weights[0][tap]);
                        }
                    }
                }
                result.channel(o).row(y)[x] = static_cast<float>(activated(sum, activation));
            }
        }
    }
    return result;
}

void expectAlike(const ncnn::Mat& result, const ncnn::Mat& expected, float most) {
    EXPECT(result.w == expected.w && result.h == expected.h && result.c == expected.c);
    for (int c = 0; c < result.c; c++) {
        const float* const values = result.channel(c);
        const float* const others = expected.channel(c);
        for (int i = 0; i < result.w * result.h; i++) EXPECT(std::fabs(values[i] - others[i]) <= most);
    }
}

void expectIdentical(const ncnn::Mat& result, const ncnn::Mat& expected) {
    EXPECT(result.w == expected.w && result.h == expected.h && result.c == expected.c);
    for (int c = 0; c < expected.c; c++) {
        const size_t bytes = sizeof(float) * static_cast<size_t>(expected.w * expected.h);
        EXPECT(std::memcmp(result.channel(c), expected.channel(c), bytes) == 0);
    }
}

std::vector<const DirectKernels*> kernelsHere() {
    std::vector<const DirectKernels*> kernels;
    if (ncnn::cpu_support_x86_avx512() != 0) kernels.push_back(directKernelsOfAvx512());
    if (ncnn::cpu_support_x86_avx2() != 0 && ncnn::cpu_support_x86_fma() != 0) {
        kernels.push_back(directKernelsOfAvx2());
    }
    kernels.erase(std::remove(kernels.begin(), kernels.end(), nullptr), kernels.end());
    if (kernels.empty()) throw Skipped("the CPU has no vectors that there are kernels for");
    return kernels;
}

}  // namespace bdreader::test
