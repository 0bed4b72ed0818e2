#pragma once

#include <ncnn/mat.h>
#include <ncnn/paramdict.h>

#include <vector>

#include "../direct_kernels.h"
#include "../tiling.h"

namespace bdreader::test {

/** A convolution with weights from a fixed seed, of any shape that ncnn has. */
struct ConvolutionCase {
    int inputs = 16;
    int outputs = 16;
    Size kernel{3, 3};
    int stride = 1;
    /** Zeros on the left, right, top and bottom. */
    int pads[4] = {0, 0, 0, 0};
    bool hasBias = true;
    /** ncnn's number, with a slope of 0.2 for leaky ReLU. */
    int activation = 0;
    int dilation = 1;
    int groups = 1;

    /** What ncnn would read from a file. */
    ncnn::ParamDict params() const;
    /** By target channel, source channel, row, column; then the bias. */
    std::vector<ncnn::Mat> weights() const;
};

/** @return planes of random numbers, as many below zero as above */
ncnn::Mat randomPlanes(Size size, int channels);

/** @return what the convolution gives, from the definition, summed in double precision */
ncnn::Mat convolveNaively(const ConvolutionCase& convolution, const ncnn::Mat& planes);

/** Fails unless both have the same shape and no value differs by more than `most`. */
void expectAlike(const ncnn::Mat& result, const ncnn::Mat& expected, float most);

/** Fails unless both have the same shape and bits. */
void expectIdentical(const ncnn::Mat& result, const ncnn::Mat& expected);

/** @return the kernels that this CPU can run; throws Skipped if there are none */
std::vector<const DirectKernels*> kernelsHere();

}  // namespace bdreader::test
