#include "convolution_network.h"

#include <string>

#include "random_weights.h"

namespace bdreader::test {

namespace {

constexpr int kColours = 3;
constexpr int kScale = 2;
constexpr int kOutputs = kColours * kScale * kScale;

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
    RandomWeights weights;
    weights.layer(9 * kColours * inputs, 9 * kColours, inputs);
    weights.layer(9 * inputs * outputs, 9 * inputs, outputs);
    weights.layer(9 * outputs * kOutputs, 9 * outputs, kOutputs);
    writeFile(options.binPath, weights.bytes());
    return options;
}

NetworkOptions writeDeconvolution(const DeconvolutionNetwork& network, const TemporaryFolder& folder) {
    const auto& [side, cut, inputs, outputs] = network;
    // What a last convolution without padding leaves, beyond twice the size; it pads if that makes no sense
    // of a whole number of input pixels.
    const int unpadded = side - 4 - 2 * cut;
    const int pad = unpadded % 4 == 0 ? 0 : 1;
    NetworkOptions options;
    options.paramPath = folder.file("deconvolution.param");
    options.binPath = folder.file("deconvolution.bin");
    options.inputBlob = "in0";
    options.outputBlob = "out0";
    options.geometry.scale = kScale;
    options.geometry.context = 4;
    options.geometry.consumed = -(unpadded + 2 * pad) / 4;
    writeFile(
        options.paramPath,
        "7767517\n4 4\nInput input 0 1 in0\n" + convolutionLine("first 1 1 in0 low", kColours, inputs, 1, 0) +
            "Deconvolution middle 1 1 low high 0=" + std::to_string(outputs) + " 1=" + std::to_string(side) +
            " 3=2 4=" + std::to_string(cut) + " 5=1 6=" + std::to_string(side * side * inputs * outputs) +
            " 9=2 -23310=1,0.2\n" + convolutionLine("last 1 1 high out0", outputs, kColours, pad, 0));
    RandomWeights weights;
    weights.layer(9 * kColours * inputs, 9 * kColours, inputs);
    weights.layer(side * side * inputs * outputs, side * side / 4 * inputs, outputs);
    weights.layer(9 * outputs * kColours, 9 * outputs, kColours);
    writeFile(options.binPath, weights.bytes());
    return options;
}

}  // namespace bdreader::test
