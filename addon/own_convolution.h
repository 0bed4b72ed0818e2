#pragma once

#include "direct_kernels.h"
#include "direct_shape.h"
#include "replaced_layer.h"

namespace bdreader {

/**
 * Takes the place of ncnn's Convolution on the CPU. It is computed directly, the products of a few pixels and
 * some channels summed in registers from the first to the last (see DirectKernel), so that results do not
 * depend on a pixel's place in the tensor; or by Winograd's algorithm in blocks that do not leave the cache
 * (see convolveBatch). What directShapeOf does not take is left to ncnn's own layer.
 */
class OwnConvolution final : public ReplacedLayer {
  public:
    /**
     * @param kernels that this CPU can run
     * @param mayUseWinograd for 3x3 convolutions, of which it was measured to be faster at any number of
     * channels
     */
    OwnConvolution(const DirectKernels& kernels, bool mayUseWinograd);

    bool isOwn() const { return !ncnnLayer(); }
    bool usesWinograd() const { return usesWinograd_; }

    int load_param(const ncnn::ParamDict& params) override;
    int load_model(const ncnn::ModelBin& model) override;

    using ReplacedLayer::forward;
    /** @param bottom packed by 16 or 8 channels, as the kernels' vectors are, or planes */
    int forward(const ncnn::Mat& bottom, ncnn::Mat& top, const ncnn::Option& option) const override;

  private:
    const DirectKernels& kernels_;
    const bool mayUseWinograd_;
    bool usesWinograd_ = false;
    DirectShape shape_;
    ncnn::Mat weights_;
    /** Of each target channel. */
    ncnn::Mat bias_;
    ncnn::Mat slopes_;
};

}  // namespace bdreader
