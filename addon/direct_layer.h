#pragma once

#include "direct_kernels.h"
#include "direct_shape.h"
#include "replaced_layer.h"

namespace bdreader {

/**
 * Takes the place of ncnn's Convolution on the CPU: sums the products of a few pixels and some channels in
 * registers, from the first to the last, see DirectKernel. Results do not depend on a pixel's place in the
 * tensor. What directShapeOf does not take is left to ncnn's own layer.
 */
class DirectLayer final : public ReplacedLayer {
  public:
    /**
     * @param kernels that this CPU can run
     * @param usesWinograd what Winograd's convolution is faster at is left to ncnn
     */
    DirectLayer(const DirectKernels& kernels, bool usesWinograd);

    bool isDirect() const { return !ncnnLayer(); }

    int load_param(const ncnn::ParamDict& params) override;
    int load_model(const ncnn::ModelBin& model) override;

    using ReplacedLayer::forward;
    /** @param bottom packed by 16 or 8 channels, as the kernels' vectors are, or planes */
    int forward(const ncnn::Mat& bottom, ncnn::Mat& top, const ncnn::Option& option) const override;

  private:
    const DirectKernels& kernels_;
    const bool usesWinograd_;
    DirectShape shape_;
    ncnn::Mat weights_;
    /** Of each target channel. */
    ncnn::Mat bias_;
    ncnn::Mat slopes_;
};

}  // namespace bdreader
