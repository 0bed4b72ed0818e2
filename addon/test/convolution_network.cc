#include "convolution_network.h"

#include <cmath>
#include <cstdint>
#include <random>
#include <string>

namespace bdreader::test {

namespace {

constexpr int kColours = 3;
constexpr int kScale = 2;
constexpr int kOutputs = kColours * kScale * kScale;

void append(std::string& bytes, const void* value, size_t count) {
    bytes.append(static_cast<const char*>(value), count);
}

/** ncnn's binary format: a tag that says fp32, the weights, and the bias as it is. */
void appendConvolution(std::string& bytes, int inputs, int outputs, std::mt19937& random) {
    const uint32_t fp32 = 0;
    append(bytes, &fp32, sizeof fp32);
    // As many random summands as this keep the mean square.
    const float gain = std::sqrt(3.f / (9.f * static_cast<float>(inputs)));
    std::uniform_real_distribution<float> weight(-gain, gain);
    for (int i = 0; i < 9 * inputs * outputs; i++) {
        const float value = weight(random);
        append(bytes, &value, sizeof value);
    }
    std::uniform_real_distribution<float> bias(0.2f, 0.6f);
    for (int i = 0; i < outputs; i++) {
        const float value = bias(random);
        append(bytes, &value, sizeof value);
    }
}

std::string convolutionLine(const std::string& names, int inputs, int outputs, int pad, int activation) {
    std::string line = "Convolution " + names + " 0=" + std::to_string(outputs) +
                       " 1=3 4=" + std::to_string(pad) + " 5=1 6=" + std::to_string(9 * inputs * outputs);
    if (activation != 0) line += " 9=" + std::to_string(activation);
    return line + (activation == 2 ? " -23310=1,0.2\n" : "\n");
}

}  // namespace

NetworkOptions writeConvolutions(const ConvolutionNetwork& network, const TemporaryFolder& folder) {
    NetworkOptions options;
    options.paramPath = folder.file("convolutions.param");
    options.binPath = folder.file("convolutions.bin");
    options.inputBlob = "in0";
    options.outputBlob = "out0";
    options.geometry.scale = kScale;
    options.geometry.context = 3;
    options.geometry.consumed = network.pad == 0 ? 1 : 0;
    const auto& [inputs, outputs, pad, activation] = network;
    writeFile(options.paramPath,
              "7767517\n5 5\nInput input 0 1 in0\n" +
                  convolutionLine("first 1 1 in0 low", kColours, inputs, 1, 0) +
                  convolutionLine("middle 1 1 low high", inputs, outputs, pad, activation) +
                  convolutionLine("last 1 1 high fine", outputs, kOutputs, 1, 0) +
                  "PixelShuffle shuffle 1 1 fine out0 0=2\n");
    std::mt19937 random(20261122);
    std::string bytes;
    appendConvolution(bytes, kColours, inputs, random);
    appendConvolution(bytes, inputs, outputs, random);
    appendConvolution(bytes, outputs, kOutputs, random);
    writeFile(options.binPath, bytes);
    return options;
}

}  // namespace bdreader::test
