#include "unet_network.h"

#include <string>

#include "random_weights.h"

namespace bdreader::test {

namespace {

constexpr int kColours = 3;

/** A convolution's or deconvolution's parameters, with a bias and leaky ReLU. */
std::string kernel(int side, int stride, int inputs, int outputs) {
    return " 0=" + std::to_string(outputs) + " 1=" + std::to_string(side) + " 3=" + std::to_string(stride) +
           " 5=1 6=" + std::to_string(side * side * inputs * outputs) + " 9=2 -23310=1,0.2";
}

/** The sum of a tensor and the middle of a larger one, as ncnn's converters write it. */
std::string sumWithMiddle(bool cropsByEnds, const std::string& larger, const std::string& tensor, int cut,
                          const std::string& sum) {
    const std::string side = std::to_string(cut);
    if (cropsByEnds) {
        return "Crop crop_" + larger + " 1 1 " + larger + " " + larger + "_middle -23309=2," + side + "," +
               side + " -23310=2,-" + side + ",-" + side + " -23311=2,-2,-1\nBinaryOp add_" + tensor +
               " 2 1 " + tensor + " " + larger + "_middle " + sum + " 0=0\n";
    }
    return "Split share_" + tensor + " 1 2 " + tensor + " " + tensor + "_0 " + tensor + "_1\nCrop crop_" +
           larger + " 2 1 " + larger + " " + tensor + "_1 " + larger + "_middle 0=" + side + " 1=" + side +
           "\nEltwise add_" + tensor + " 2 1 " + larger + "_middle " + tensor + "_0 " + sum + " 0=1\n";
}

}  // namespace

std::string unetGraph(const UnetNetwork& network) {
    const auto& [wide, narrow, cropsByEnds] = network;
    const std::string channels = std::to_string(narrow);
    const std::string product = cropsByEnds ? "BinaryOp weigh 2 1 kept factors weighted 0=2\n"
                                            : "Scale weigh 2 1 kept factors weighted 0=-233\n";
    const std::string layers =
        "Input input 0 1 in0\n"
        "Convolution first 1 1 in0 whole" +
        kernel(3, 1, kColours, wide) + " 4=1\nSplit share_whole 1 2 whole skipped halved\n" +
        "Convolution down 1 1 halved half" + kernel(2, 2, wide, narrow) +
        "\nConvolution middle 1 1 half low" + kernel(3, 1, narrow, narrow) +
        "\nSplit share_low 1 2 low kept averaged\n" + "Pooling average 1 1 averaged pooled 0=1 4=1\n" +
        "InnerProduct excite 1 1 pooled factors 0=" + channels + " 1=1 2=" + std::to_string(narrow * narrow) +
        " 9=4\n" + product + "Deconvolution up 1 1 weighted high" + kernel(2, 2, narrow, wide) + "\n" +
        sumWithMiddle(cropsByEnds, "skipped", "high", 2, "joined") + "Deconvolution fine 1 1 joined colours" +
        kernel(4, 2, wide, kColours) + " 4=3\nSplit share_colours 1 2 colours first_colours seen\n" +
        "Convolution again 1 1 seen details" + kernel(3, 1, kColours, wide) +
        "\nConvolution last 1 1 details more" + kernel(3, 1, wide, kColours) + "\n" +
        sumWithMiddle(cropsByEnds, "first_colours", "more", 2, "out0");
    return (cropsByEnds ? "7767517\n18 21\n" : "7767517\n20 25\n") + layers;
}

NetworkOptions writeUnet(const UnetNetwork& network, const TemporaryFolder& folder) {
    const auto& [wide, narrow, cropsByEnds] = network;
    NetworkOptions options;
    options.paramPath = folder.file("unet.param");
    options.binPath = folder.file("unet.bin");
    options.inputBlob = "in0";
    options.outputBlob = "out0";
    options.globalPools = {{"pooled", "averaged", narrow, 2, 1}};
    options.geometry.scale = 2;
    options.geometry.context = 12;
    options.geometry.consumed = 4;
    options.geometry.alignment = 2;
    writeFile(options.paramPath, unetGraph(network));
    RandomWeights weights;
    weights.layer(9 * kColours * wide, 9 * kColours, wide);
    weights.layer(4 * wide * narrow, 4 * wide, narrow);
    weights.layer(9 * narrow * narrow, 9 * narrow, narrow);
    weights.layer(narrow * narrow, narrow, narrow);
    weights.layer(4 * narrow * wide, narrow, wide);
    weights.layer(16 * wide * kColours, 4 * wide, kColours);
    weights.layer(9 * kColours * wide, 9 * kColours, wide);
    weights.layer(9 * wide * kColours, 9 * wide, kColours);
    writeFile(options.binPath, weights.bytes());
    return options;
}

}  // namespace bdreader::test
