#include "tiny_network.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <random>
#include <vector>

#include "check.h"

namespace bdreader::test {

namespace {

constexpr int kFeatures = 8;
constexpr int kScale = 2;
constexpr int kOutputs = 3 * kScale * kScale;
/** Of two 3x3 convolutions. */
constexpr int kRadius = 2;

/** ncnn's binary format: a tag that says fp32, the weights, and the bias as it is. */
class WeightWriter {
  public:
    explicit WeightWriter(TinyNetwork kind) : kind_(kind) {}

    void convolution(int inputs, int outputs) {
        layer(9 * inputs * outputs, outputs, convolutionGain() / (9.f * static_cast<float>(inputs)));
    }
    void innerProduct(int inputs, int outputs) {
        // Enough for the sigmoid that follows to tell means apart.
        layer(inputs * outputs, outputs, 6.f / static_cast<float>(inputs));
    }
    const std::string& bytes() const { return bytes_; }

  private:
    /** Small enough that most sums stay inside of what a pixel can show; a sigmoid halves what is weighed
     * with it. */
    float convolutionGain() const { return kind_ == TinyNetwork::kPooled ? 2.f : 1.f; }

    void layer(int weights, int biases, float gain) {
        const uint32_t fp32 = 0;
        bytes_.append(reinterpret_cast<const char*>(&fp32), sizeof fp32);
        std::uniform_real_distribution<float> weight(-gain, 2 * gain);
        for (int i = 0; i < weights; i++) append(kind_ == TinyNetwork::kBlack ? 0.f : weight(random_));
        for (int i = 0; i < biases; i++) append(bias());
    }

    float bias() {
        if (kind_ == TinyNetwork::kBlack) return 0.f;
        if (kind_ == TinyNetwork::kNotFinite) return std::numeric_limits<float>::infinity();
        return std::uniform_real_distribution<float>(-0.05f, 0.05f)(random_);
    }

    void append(float value) { bytes_.append(reinterpret_cast<const char*>(&value), sizeof value); }

    const TinyNetwork kind_;
    std::mt19937 random_{20261122};
    std::string bytes_;
};

const char* const kResidualLayers =
    "7767517\n"
    "7 8\n"
    "Input input 0 1 in0\n"
    "Split share 1 2 in0 low0 low1\n"
    "Convolution first 1 1 low0 features 0=8 1=3 4=1 5=1 6=216 9=2 -23310=1,0.1\n"
    "Convolution second 1 1 features details 0=12 1=3 4=1 5=1 6=864\n"
    "PixelShuffle shuffle 1 1 details fine 0=2\n"
    "Interp enlarge 1 1 low1 coarse 0=1 1=2.0 2=2.0\n"
    "BinaryOp add 2 1 fine coarse out0 0=0\n";

const char* const kPlainLayers =
    "7767517\n"
    "4 4\n"
    "Input input 0 1 in0\n"
    "Convolution first 1 1 in0 features 0=8 1=3 4=1 5=1 6=216 9=2 -23310=1,0.1\n"
    "Convolution second 1 1 features details 0=12 1=3 4=1 5=1 6=864\n"
    "PixelShuffle shuffle 1 1 details out0 0=2\n";

const char* const kPooledLayers =
    "7767517\n"
    "8 9\n"
    "Input input 0 1 in0\n"
    "Convolution first 1 1 in0 features 0=8 1=3 4=1 5=1 6=216 9=2 -23310=1,0.1\n"
    "Split share 1 2 features kept averaged\n"
    "Pooling average 1 1 averaged pooled 0=1 4=1\n"
    "InnerProduct excite 1 1 pooled weights 0=8 1=1 2=64 9=4\n"
    "BinaryOp weigh 2 1 kept weights weighted 0=2\n"
    "Convolution second 1 1 weighted details 0=12 1=3 4=1 5=1 6=864\n"
    "PixelShuffle shuffle 1 1 details out0 0=2\n";

const char* layersOf(TinyNetwork kind) {
    if (kind == TinyNetwork::kResidual) return kResidualLayers;
    return kind == TinyNetwork::kPooled ? kPooledLayers : kPlainLayers;
}

std::string weightsOf(TinyNetwork kind) {
    WeightWriter writer(kind);
    writer.convolution(3, kFeatures);
    if (kind == TinyNetwork::kPooled) writer.innerProduct(kFeatures, kFeatures);
    writer.convolution(kFeatures, kOutputs);
    return writer.bytes();
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "bdreader-native-XXXXXX").string();
    if (!mkdtemp(name.data())) throw Unexpected("expected a temporary folder, " + name + " cannot be made");
    path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
    // What is left in the system's folder for temporary files harms no later case.
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

void writeFile(const std::string& path, const std::string& content) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(content.data(), static_cast<std::streamsize>(content.size()));
    file.close();
    if (!file) throw Unexpected("expected " + path + " to be written, it cannot be");
}

NetworkOptions writeNetwork(TinyNetwork kind, const TemporaryFolder& folder) {
    NetworkOptions options;
    options.paramPath = folder.file("network.param");
    options.binPath = folder.file("network.bin");
    options.inputBlob = "in0";
    options.outputBlob = "out0";
    if (kind == TinyNetwork::kPooled) options.globalPools = {{"pooled", "averaged", kFeatures, 1, 1}};
    options.geometry.scale = kScale;
    options.geometry.context = kRadius;
    writeFile(options.paramPath, layersOf(kind));
    writeFile(options.binPath, weightsOf(kind));
    return options;
}

}  // namespace bdreader::test
