#include "../own_convolution.h"

#include <ncnn/allocator.h>
#include <ncnn/modelbin.h>
#include <ncnn/option.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <utility>

#include "check.h"
#include "direct_case.h"

namespace bdreader::test {

namespace {

constexpr int kFailedAllocation = -100;
constexpr int kWrongTensor = -2;
/** Of sums of up to 2304 products that make up about 1. */
constexpr float kRounding = 2e-5f;
constexpr float kWinogradRounding = 4e-5f;

/** Has no memory. */
class EmptyAllocator final : public ncnn::Allocator {
  public:
    void* fastMalloc(size_t) override { return nullptr; }
    void fastFree(void*) override {}
};

ncnn::Option onThreads(int threads) {
    ncnn::Option option;
    option.num_threads = threads;
    return option;
}

std::unique_ptr<OwnConvolution> layerOf(const ConvolutionCase& convolution, const DirectKernels& kernels,
                                        bool mayUseWinograd = false) {
    auto layer = std::make_unique<OwnConvolution>(kernels, mayUseWinograd);
    const std::vector<ncnn::Mat> weights = convolution.weights();
    EXPECT_EQUAL(layer->load_param(convolution.params()), 0);
    EXPECT(layer->isOwn());
    EXPECT_EQUAL(layer->load_model(ncnn::ModelBinFromMatArray(weights.data())), 0);
    EXPECT_EQUAL(layer->create_pipeline(onThreads(1)), 0);
    return layer;
}

/** @return planes as the layer wants them: packed if they fill vectors */
ncnn::Mat sourceFor(const ConvolutionCase& convolution, const DirectKernels& kernels,
                    const ncnn::Mat& planes) {
    ncnn::Mat source;
    const bool isPacked = convolution.inputs % kernels.width == 0;
    ncnn::convert_packing(planes, source, isPacked ? kernels.width : 1, onThreads(1));
    return source;
}

ncnn::Mat convolve(const ConvolutionCase& convolution, const DirectKernels& kernels, const ncnn::Mat& planes,
                   int threads = 1, bool mayUseWinograd = false) {
    const std::unique_ptr<OwnConvolution> layer = layerOf(convolution, kernels, mayUseWinograd);
    ncnn::Mat packed;
    EXPECT_EQUAL(layer->forward(sourceFor(convolution, kernels, planes), packed, onThreads(threads)), 0);
    EXPECT_EQUAL(packed.elempack, kernels.width);
    ncnn::Mat result;
    ncnn::convert_packing(packed, result, 1, onThreads(1));
    return result;
}

void expectLikeNaive(const ConvolutionCase& convolution, Size size) {
    const ncnn::Mat planes = randomPlanes(size, convolution.inputs);
    const ncnn::Mat expected = convolveNaively(convolution, planes);
    for (const DirectKernels* kernels : kernelsHere()) {
        for (const bool mayUseWinograd : {false, true}) {
            const ncnn::Mat result = convolve(convolution, *kernels, planes, 1, mayUseWinograd);
            expectAlike(result, expected, mayUseWinograd ? kWinogradRounding : kRounding);
        }
    }
}

void channelsAreAsDefined() {
    for (const int channels : {16, 32, 48, 64}) expectLikeNaive({channels, 80 - channels}, {17, 5});
    expectLikeNaive({128, 32}, {15, 4});
    // More weights than a second cache holds.
    expectLikeNaive({256, 80}, {15, 3});
}

void planesAreAsDefined() {
    for (const int channels : {1, 3, 5}) {
        expectLikeNaive({channels, 48}, {18, 6});
        ConvolutionCase strided{channels, 32};
        strided.stride = 2;
        for (const int width : {3, 4, 17, 31, 32}) expectLikeNaive(strided, {width, 7});
    }
}

void everyWidthIsAsDefined() {
    for (int side = 1; side <= 40; side++) {
        ConvolutionCase convolution;
        if (side >= 3) expectLikeNaive(convolution, {side, 3});
        std::fill_n(convolution.pads, 4, 1);
        expectLikeNaive(convolution, {side, 1 + side % 3});
    }
}

void everyPaddingIsAsDefined() {
    for (int side = 0; side < 4; side++) {
        for (const int pad : {1, 2, 5}) {
            ConvolutionCase convolution{16, 32};
            convolution.pads[side] = pad;
            expectLikeNaive(convolution, {16, 4});
            ConvolutionCase strided{3, 16, {6, 6}, 2};
            strided.pads[side] = pad;
            expectLikeNaive(strided, {33, 8});
        }
    }
}

void everyKernelIsAsDefined() {
    for (const Size kernel : {Size{1, 1}, Size{2, 2}, Size{5, 5}, Size{1, 4}, Size{3, 2}}) {
        expectLikeNaive({16, 48, kernel}, {19, 9});
        expectLikeNaive({3, 16, kernel}, {19, 9});
    }
}

void everyActivationIsAsDefined() {
    for (const int activation : {0, 1, 2}) {
        for (const bool hasBias : {false, true}) {
            ConvolutionCase convolution{32, 16};
            convolution.activation = activation;
            convolution.hasBias = hasBias;
            expectLikeNaive(convolution, {14, 5});
        }
    }
}

/** What a layer gives of a part is what it gives of the whole, bit for bit: tiles then do not show. */
void placeDoesNotMatter() {
    const ncnn::Mat planes = randomPlanes({61, 9}, 32);
    const ConvolutionCase convolution{32, 48};
    for (const DirectKernels* kernels : kernelsHere()) {
        const ncnn::Mat whole = convolve(convolution, *kernels, planes);
        for (int left = 1; left < 15; left++) {
            ncnn::Mat part;
            ncnn::copy_cut_border(planes, part, 2, 1, left, 25 - left, onThreads(1));
            const ncnn::Mat result = convolve(convolution, *kernels, part);
            ncnn::Mat expected;
            ncnn::copy_cut_border(whole, expected, 2, 1, left, 25 - left, onThreads(1));
            expectIdentical(result, expected);
        }
    }
}

/** The same where blocks begin at the same pixels, of all that do not reach over the part's edge. */
void placeDoesNotMatterToBlocks() {
    const ncnn::Mat planes = randomPlanes({62, 14}, 32);
    const ConvolutionCase convolution{32, 48};
    const auto convolved = [&](const DirectKernels& kernels, const ncnn::Mat& source) {
        return convolve(convolution, kernels, source, 1, true);
    };
    for (const DirectKernels* kernels : kernelsHere()) {
        const ncnn::Mat whole = convolved(*kernels, planes);
        for (int left = 0; left <= 24; left += 4) {
            ncnn::Mat part;
            ncnn::Mat expected;
            ncnn::copy_cut_border(planes, part, 4, 0, left, 24 - left, onThreads(1));
            ncnn::copy_cut_border(whole, expected, 4, 0, left, 24 - left, onThreads(1));
            expectIdentical(convolved(*kernels, part), expected);
        }
    }
}

void threadsDoNotMatter() {
    const ncnn::Mat planes = randomPlanes({30, 17}, 16);
    ConvolutionCase convolution;
    std::fill_n(convolution.pads, 4, 1);
    for (const DirectKernels* kernels : kernelsHere()) {
        for (const bool mayUseWinograd : {false, true}) {
            const ncnn::Mat expected = convolve(convolution, *kernels, planes, 1, mayUseWinograd);
            for (const int threads : {2, 3, 16}) {
                expectIdentical(convolve(convolution, *kernels, planes, threads, mayUseWinograd), expected);
            }
        }
    }
}

void othersAreNotTaken() {
    const auto isTaken = [](ConvolutionCase convolution) {
        return directShapeOf(convolution.params(), 16).has_value();
    };
    EXPECT(isTaken({}));
    EXPECT(isTaken({3, 16, {6, 6}, 2}));
    const ConvolutionCase others[] = {
        {16, 24},  // Channels that fill no vector.
        {24, 16},  // Packed, but not by as many.
        {12, 16},
        {16, 16, {3, 3}, 2},  // Strides.
        {3, 16, {3, 3}, 3},
        {16, 16, {3, 3}, 1, {-233, -233, -233, -233}},  // Padding that depends on the size.
        {16, 16, {3, 3}, 1, {}, true, 3},               // Other activations.
        {16, 16, {3, 3}, 1, {}, true, 4},
        {16, 16, {3, 3}, 1, {}, true, 0, 2},     // Dilation.
        {16, 16, {3, 3}, 1, {}, true, 0, 1, 4},  // Groups.
        {0, 16},
        {16, 0},
        {16, 16, {0, 3}}};
    for (const ConvolutionCase& other : others) EXPECT(!isTaken(other));
    for (const int key : {8, 19}) {
        ncnn::ParamDict params = ConvolutionCase{}.params();
        params.set(key, 1);
        EXPECT(!directShapeOf(params, 16));
    }
    ncnn::ParamDict unequal = ConvolutionCase{3, 16, {3, 3}, 2}.params();
    unequal.set(13, 1);
    EXPECT(!directShapeOf(unequal, 16));
    ncnn::ParamDict padded = ConvolutionCase{}.params();
    padded.set(18, 1.f);
    EXPECT(!directShapeOf(padded, 16));
}

void winogradsAreChosen() {
    const auto isWinograd = [](const ConvolutionCase& convolution, const DirectKernels& kernels,
                               bool mayUseWinograd) {
        OwnConvolution layer(kernels, mayUseWinograd);
        EXPECT_EQUAL(layer.load_param(convolution.params()), 0);
        EXPECT(layer.isOwn());
        return layer.usesWinograd();
    };
    for (const DirectKernels* kernels : kernelsHere()) {
        for (const int channels : {16, 32, 64, 128}) EXPECT(isWinograd({channels, 32}, *kernels, true));
        EXPECT(!isWinograd({16, 32}, *kernels, false));
        EXPECT(!isWinograd({3, 32}, *kernels, true));
        EXPECT(!isWinograd({16, 32, {1, 1}}, *kernels, true));
        EXPECT(!isWinograd({16, 32, {3, 2}}, *kernels, true));
        EXPECT(!isWinograd({3, 32, {3, 3}, 2}, *kernels, true));
    }
}

void missingMemoryIsAFailure() {
    EmptyAllocator empty;
    ConvolutionCase convolution;
    std::fill_n(convolution.pads, 4, 1);
    for (const DirectKernels* kernels : kernelsHere()) {
        const ncnn::Mat source = sourceFor(convolution, *kernels, randomPlanes({9, 9}, 16));
        for (const auto& [isBlob, mayUseWinograd] : {std::pair(false, false), {false, true}, {true, false}}) {
            const std::unique_ptr<OwnConvolution> layer = layerOf(convolution, *kernels, mayUseWinograd);
            ncnn::Option option = onThreads(1);
            (isBlob ? option.blob_allocator : option.workspace_allocator) = &empty;
            ncnn::Mat result;
            EXPECT_EQUAL(layer->forward(source, result, option), kFailedAllocation);
        }
    }
}

void wrongTensorsAreFailures() {
    const ConvolutionCase convolution;
    for (const DirectKernels* kernels : kernelsHere()) {
        const std::unique_ptr<OwnConvolution> layer = layerOf(convolution, *kernels);
        ncnn::Mat result;
        const auto statusOf = [&](const ncnn::Mat& source) {
            return layer->forward(source, result, onThreads(1));
        };
        EXPECT_EQUAL(statusOf(randomPlanes({9, 9}, 16)), kWrongTensor);
        EXPECT_EQUAL(statusOf(sourceFor({32}, *kernels, randomPlanes({9, 9}, 32))), kWrongTensor);
        EXPECT_EQUAL(statusOf(sourceFor(convolution, *kernels, randomPlanes({2, 9}, 16))), kWrongTensor);
        EXPECT_EQUAL(statusOf(sourceFor(convolution, *kernels, randomPlanes({9, 2}, 16))), kWrongTensor);
    }
}

REGISTER_CASE("own convolutions on the CPU", "channels are as defined", channelsAreAsDefined);
REGISTER_CASE("own convolutions on the CPU", "planes are as defined", planesAreAsDefined);
REGISTER_CASE("own convolutions on the CPU", "every width is as defined", everyWidthIsAsDefined);
REGISTER_CASE("own convolutions on the CPU", "every padding is as defined", everyPaddingIsAsDefined);
REGISTER_CASE("own convolutions on the CPU", "every kernel is as defined", everyKernelIsAsDefined);
REGISTER_CASE("own convolutions on the CPU", "every activation is as defined", everyActivationIsAsDefined);
REGISTER_CASE("own convolutions on the CPU", "a part is as in the whole, bit for bit", placeDoesNotMatter);
REGISTER_CASE("own convolutions on the CPU", "threads change nothing", threadsDoNotMatter);
REGISTER_CASE("own convolutions on the CPU", "other convolutions are not taken", othersAreNotTaken);
REGISTER_CASE("own convolutions on the CPU", "3x3 ones of packed channels are Winograd's where that may be",
              winogradsAreChosen);
REGISTER_CASE("own convolutions on the CPU", "blocks of a part are as in the whole, bit for bit",
              placeDoesNotMatterToBlocks);
REGISTER_CASE("own convolutions on the CPU", "memory that runs out is a failure", missingMemoryIsAFailure);
REGISTER_CASE("own convolutions on the CPU", "tensors of another kind are failures", wrongTensorsAreFailures);

}  // namespace

}  // namespace bdreader::test
