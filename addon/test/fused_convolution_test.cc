#include "../fused_convolution.h"

#include <algorithm>
#include <vector>

#include "../fragment_order_shader.h"
#include "../network.h"
#include "check.h"
#include "convolution_network.h"
#include "engine_fixture.h"
#include "fused_case.h"
#include "machine.h"

namespace bdreader::test {

namespace {

/** Of a SPIR-V module: the instruction that names a capability, and the one of cooperative matrices. */
constexpr uint32_t kOpCapability = (2u << 16) | 17u;
constexpr uint32_t kCooperativeMatrix = 6022;

/** The middle and the last layer of a network; the first one has three channels. */
constexpr int kFusable = 2;

void expectConvolutionsLikeCpu(FusedConvolution mode, const ConvolutionNetwork& network,
                               const std::vector<Size>& sizes) {
    const TemporaryFolder folder;
    expectLikeCpu(mode, writeConvolutions(network, folder), kFusable, sizes);
}

void channelsAreLikeOnCpu(FusedConvolution mode) {
    for (const int channels : {16, 32, 48, 64})
        expectConvolutionsLikeCpu(mode, {channels, channels, 1, 2}, {{29, 13}});
}

void manyChannelsAreLikeOnCpu(FusedConvolution mode) {
    expectConvolutionsLikeCpu(mode, {128, 128, 1, 2}, {{9, 21}});
    // So many rounds of a loop, inner ones counted, that Mesa's software device would end it early.
    expectConvolutionsLikeCpu(mode, {256, 64, 1, 2}, {{9, 9}});
}

void unequalChannelsAreLikeOnCpu(FusedConvolution mode) {
    expectConvolutionsLikeCpu(mode, {12, 20, 1, 2}, {{21, 9}});
    expectConvolutionsLikeCpu(mode, {64, 12, 1, 2}, {{9, 21}});
    expectConvolutionsLikeCpu(mode, {36, 68, 0, 1}, {{9, 9}});
}

void everySizeIsLikeOnCpu(FusedConvolution mode) {
    std::vector<Size> sizes;
    for (int side = 1; side <= 40; side += 3) sizes.push_back({side, 41 - side});
    for (const int side : {1, 9, 10, 11, 25, 26, 27}) sizes.push_back({side, side});
    expectConvolutionsLikeCpu(mode, {16, 16, 1, 2}, sizes);
    expectConvolutionsLikeCpu(mode, {16, 16, 0, 2}, sizes);
}

void activationsAreLikeOnCpu(FusedConvolution mode) {
    for (const int activation : {0, 1, 2}) {
        for (const int pad : {0, 1}) expectConvolutionsLikeCpu(mode, {32, 16, pad, activation}, {{17, 23}});
    }
}

void deconvolutionsAreLikeOnCpu(FusedConvolution mode) {
    const TemporaryFolder folder;
    for (const DeconvolutionNetwork& network :
         {DeconvolutionNetwork{2, 0, 16, 64}, DeconvolutionNetwork{2, 0, 64, 36},
          DeconvolutionNetwork{2, 1, 20, 16}, DeconvolutionNetwork{4, 0, 16, 16},
          DeconvolutionNetwork{4, 1, 32, 48}, DeconvolutionNetwork{4, 2, 16, 20},
          DeconvolutionNetwork{4, 3, 16, 12}}) {
        expectLikeCpu(mode, writeDeconvolution(network, folder), kFusable, {{21, 8}, {1, 3}});
    }
}

void tilesAreLikeTheWholePage(FusedConvolution mode) {
    const TemporaryFolder folder;
    EngineFixture fixture(fused(writeConvolutions({32, 32, 1, 2}, folder), mode));
    const Image page = noise({83, 47}, 1);
    EXPECT(fixture.upscale(page, 32).bytes == fixture.upscale(page, kWhole).bytes);
}

void othersAreLeftToNcnn() {
    const TemporaryFolder folder;
    const NetworkOptions sigmoid = writeConvolutions({16, 16, 1, 4}, folder);
    const Image page = noise({30, 20}, 1);
    EngineFixture onVulkan(fused(sigmoid, FusedConvolution::kPlain));
    EXPECT_EQUAL(onVulkan.engine().network()->fusedConvolutions(), 1);
    EXPECT(largestDifference(onVulkan.upscale(page, kWhole), EngineFixture(sigmoid).upscale(page, kWhole)) <=
           1);
    NetworkOptions exact = fused(sigmoid, FusedConvolution::kPlain);
    exact.arithmetic.fp16Storage = false;
    EXPECT_EQUAL(Network(exact).fusedConvolutions(), 0);
    const NetworkOptions tiny = fused(writeNetwork(TinyNetwork::kResidual, folder), FusedConvolution::kPlain);
    EXPECT_EQUAL(Network(tiny).fusedConvolutions(), 0);
}

void matrixUnitsAreCompiledFor() {
    vulkanDevice();
    ncnn::Option option;
    option.use_fp16_storage = true;
    compileShader(shaders::kFragmentOrder, option);
    std::vector<FusedShape> shapes;
    for (const int outputs : {3, 16, 32, 48, 64}) {
        FusedShape shape;
        shape.outputs = outputs;
        for (const int inputs : {16, 32}) {
            shape.inputs = inputs;
            shapes.push_back(shape);
        }
        shape.kernel = 1;
        shape.spread = 2;
        shapes.push_back(shape);
    }
    for (const FusedShape& shape : shapes) {
        for (const bool isMore : {false, true}) {
            const ShaderCacheFile::Words words = compileShader(
                fusedSource(FusedConvolution::kCooperative, shape, {isMore, isMore, {}}), option);
            const uint32_t capability[] = {kOpCapability, kCooperativeMatrix};
            const auto found =
                std::search(words.begin(), words.end(), std::begin(capability), std::end(capability));
            EXPECT(found != words.end());
        }
    }
}

void brokenShadersAreFailures() {
    vulkanDevice();
    EXPECT_FAILURE(FailureCode::kInternal, compileShader("#version 450\nvoid main() { no(); }\n", {}));
}

/** A device that lacks matrix units must compute what it computed before. */
void missingMatrixUnitsChangeNothing() {
    const TemporaryFolder folder;
    NetworkOptions options = fused(writeConvolutions({16, 16, 1, 2}, folder), FusedConvolution::kPlain);
    const ncnn::GpuInfo& info = ncnn::get_gpu_info(options.deviceIndex);
    options.arithmetic.fusedConvolution = FusedConvolution::kCooperative;
    if (canFuseConvolutions(info, options.arithmetic.fusedConvolution)) throw Skipped("there are some");
    EngineFixture fixture(options);
    EXPECT_EQUAL(fixture.engine().network()->fusedConvolutions(), 0);
    options.arithmetic.fusedConvolution = FusedConvolution::kOff;
    const Image page = noise({30, 20}, 1);
    EXPECT(fixture.upscale(page, kWhole).bytes == EngineFixture(options).upscale(page, kWhole).bytes);
}

REGISTER_KINDS("16 to 64 channels are as on the CPU", channelsAreLikeOnCpu);
REGISTER_KINDS("128 and 256 channels are as on the CPU", manyChannelsAreLikeOnCpu);
REGISTER_KINDS("channels that fill no block are as on the CPU", unequalChannelsAreLikeOnCpu);
REGISTER_KINDS("pages of every size are as on the CPU", everySizeIsLikeOnCpu);
REGISTER_KINDS("every activation and padding is as on the CPU", activationsAreLikeOnCpu);
REGISTER_KINDS("deconvolutions are as on the CPU", deconvolutionsAreLikeOnCpu);
REGISTER_KINDS("tiles are like the whole page", tilesAreLikeTheWholePage);
REGISTER_CASE("fused convolutions", "what the shader does not take is left to ncnn", othersAreLeftToNcnn);
REGISTER_CASE("fused convolutions", "the shader for matrix units compiles", matrixUnitsAreCompiledFor);
REGISTER_CASE("fused convolutions", "a shader that does not compile is a failure", brokenShadersAreFailures);
REGISTER_CASE("fused convolutions", "a device without matrix units computes what it did",
              missingMatrixUnitsChangeNothing);

}  // namespace

}  // namespace bdreader::test
