#pragma once

#include <random>
#include <string>

namespace bdreader::test {

/** Weights of layers in ncnn's binary format, from a fixed seed. */
class RandomWeights {
  public:
    /**
     * Of a convolution, deconvolution or matrix product.
     *
     * @param count of weights
     * @param summands of each sum: as many as this keep the mean square
     * @param biases one for each output
     */
    void layer(int count, int summands, int biases);

    const std::string& bytes() const { return bytes_; }

  private:
    void append(const void* value, size_t count);

    std::mt19937 random_{20261122};
    std::string bytes_;
};

}  // namespace bdreader::test
