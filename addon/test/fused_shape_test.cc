#include "../fused_shape.h"

#include <ncnn/layer_type.h>

#include <map>
#include <set>
#include <tuple>

#include "check.h"

namespace bdreader::test {

namespace {

using Numbers = std::map<int, int>;

constexpr int kConvolution = ncnn::LayerType::Convolution;
constexpr int kDeconvolution = ncnn::LayerType::Deconvolution;

ncnn::ParamDict paramsOf(const Numbers& numbers) {
    ncnn::ParamDict params;
    for (const auto& [id, value] : numbers) params.set(id, value);
    return params;
}

/** Of a layer with as many channels on either side. */
Numbers layer(int side, int stride, int pad, int inputs, int outputs) {
    return {{0, outputs}, {1, side}, {3, stride}, {4, pad}, {6, side * side * inputs * outputs}};
}

Numbers with(Numbers numbers, int id, int value) {
    numbers[id] = value;
    return numbers;
}

bool takes(int type, const Numbers& numbers) {
    return fusedShapeOf(type, paramsOf(numbers)).has_value();
}

FusedShape shapeOf(int type, const Numbers& numbers) {
    const auto shape = fusedShapeOf(type, paramsOf(numbers));
    if (!shape) throw Unexpected("expected the layer to be taken");
    return *shape;
}

void targetsAreAsLargeAsNcnnsOwn() {
    struct Expected {
        FusedShape shape;
        int side, target;
    };
    for (const Expected& one : {Expected{shapeOf(kConvolution, layer(3, 1, 0, 16, 16)), 9, 7},
                                Expected{shapeOf(kConvolution, layer(3, 1, 1, 16, 3)), 9, 9},
                                Expected{shapeOf(kDeconvolution, layer(2, 2, 0, 16, 16)), 9, 18},
                                Expected{shapeOf(kDeconvolution, layer(4, 2, 0, 16, 3)), 9, 20},
                                Expected{shapeOf(kDeconvolution, layer(4, 2, 3, 64, 3)), 9, 14}}) {
        const Size target = one.shape.targetOf({one.side, one.side + 2});
        EXPECT_EQUAL(target.width, one.target);
        EXPECT_EQUAL(target.height, one.shape.targetOf({one.side + 2, one.side}).width);
    }
}

/** Each result of a place, of all workgroups together, is one channel of one pixel, and none is missing. */
void everyResultHasItsPlace() {
    for (const Numbers& numbers : {layer(2, 2, 0, 64, 64), layer(2, 2, 0, 128, 128), layer(2, 2, 0, 16, 36),
                                   layer(4, 2, 3, 64, 3), layer(4, 2, 1, 32, 48), layer(2, 2, 0, 32, 1)}) {
        const FusedShape shape = shapeOf(kDeconvolution, numbers);
        EXPECT(shape.blocksOut() <= 4);
        std::set<std::tuple<int, int, int>> results;
        int count = 0;
        for (int group = 0; group < shape.groups(); group++) {
            for (int number = 0; number < shape.blocksOut() * kFusedBlock; number++) {
                const auto result = shape.resultAt(group, number);
                if (!result) continue;
                EXPECT(result->channel < shape.outputs && result->x < 2 && result->y < 2);
                results.insert({result->channel, result->x, result->y});
                count++;
            }
        }
        EXPECT_EQUAL(count, shape.outputs * 4);
        EXPECT_EQUAL(static_cast<int>(results.size()), count);
    }
}

void othersAreNotTaken() {
    const Numbers convolution = layer(3, 1, 1, 16, 16);
    const Numbers deconvolution = layer(2, 2, 0, 16, 16);
    EXPECT(takes(kConvolution, convolution) && takes(kDeconvolution, deconvolution));
    EXPECT(!takes(kConvolution, layer(2, 2, 0, 16, 16)) && !takes(kDeconvolution, layer(3, 1, 1, 16, 16)));
    EXPECT(!takes(ncnn::LayerType::ConvolutionDepthWise, convolution));
    // Kernels, strides, padding and dilations of other sizes, or not the same for rows.
    for (const int id : {1, 2, 3, 4, 11, 12, 13, 14, 15, 16}) {
        EXPECT(!takes(kConvolution, with(convolution, id, 7)));
        EXPECT(!takes(kDeconvolution, with(deconvolution, id, 3)));
    }
    // Groups, int8 weights, weights as an input; more rows, a size to crop to.
    for (const int id : {7, 8, 19}) EXPECT(!takes(kConvolution, with(convolution, id, 2)));
    for (const int id : {18, 19, 20, 21, 28}) EXPECT(!takes(kDeconvolution, with(deconvolution, id, 1)));
    for (const int activation : {-1, 2, 3, 4}) EXPECT(!takes(kConvolution, with(convolution, 9, activation)));
    // Channels of which few would be used, or none, and weights that are not as many as they should be.
    EXPECT(!takes(kConvolution, layer(3, 1, 1, 3, 16)) && !takes(kConvolution, layer(3, 1, 1, 16, 8)));
    EXPECT(!takes(kDeconvolution, layer(4, 2, 3, 16, 5)) && takes(kConvolution, layer(3, 1, 1, 16, 5)));
    EXPECT(!takes(kConvolution, with(convolution, 0, 0)) && !takes(kConvolution, with(convolution, 6, 100)));
}

REGISTER_CASE("fused shapes", "targets are as large as ncnn's own", targetsAreAsLargeAsNcnnsOwn);
REGISTER_CASE("fused shapes", "every result has its place", everyResultHasItsPlace);
REGISTER_CASE("fused shapes", "what the shader does not compute is not taken", othersAreNotTaken);

}  // namespace

}  // namespace bdreader::test
