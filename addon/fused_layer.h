#pragma once

#include <ncnn/layer.h>

#include <memory>
#include <vector>

#include "fused_convolution.h"

namespace bdreader {

/**
 * Takes the place of ncnn's Convolution on Vulkan: computes it with the fused shader if it is of the kind
 * that this takes, else leaves everything to ncnn's own layer.
 *
 * Taken are 3x3 convolutions with stride and dilation 1, the same zero padding of 0 or 1 on all sides, at
 * least 12 channels on either side and a multiple of 4 of them, as ncnn packs them, and no activation, ReLU
 * or leaky ReLU.
 */
class FusedLayer final : public ncnn::Layer {
  public:
    /** @param shared must outlive the layer */
    explicit FusedLayer(FusedConvolutions& shared);

    int load_param(const ncnn::ParamDict& params) override;
    int load_model(const ncnn::ModelBin& model) override;
    int create_pipeline(const ncnn::Option& option) override;
    int destroy_pipeline(const ncnn::Option& option) override;
    int upload_model(ncnn::VkTransfer& command, const ncnn::Option& option) override;

    int forward(const std::vector<ncnn::Mat>& bottoms, std::vector<ncnn::Mat>& tops,
                const ncnn::Option& option) const override;
    int forward(const ncnn::Mat& bottom, ncnn::Mat& top, const ncnn::Option& option) const override;
    int forward(const std::vector<ncnn::VkMat>& bottoms, std::vector<ncnn::VkMat>& tops,
                ncnn::VkCompute& command, const ncnn::Option& option) const override;
    int forward(const ncnn::VkMat& bottom, ncnn::VkMat& top, ncnn::VkCompute& command,
                const ncnn::Option& option) const override;

  private:
    bool takes(const ncnn::ParamDict& params);
    int leaveToNcnn(const ncnn::ParamDict& params);

    FusedConvolutions& shared_;
    /** ncnn's own layer; null when the convolution is fused. */
    std::unique_ptr<ncnn::Layer> ncnnLayer_;
    FusedBlocks blocks_;
    int pad_ = 0;
    bool hasBias_ = false;
    /** What negative sums are multiplied with: 1 without an activation, 0 for ReLU. */
    float slope_ = 1;
    ncnn::Mat weights_;
    ncnn::Mat bias_;
    ncnn::VkMat weightsOnDevice_;
    ncnn::VkMat biasOnDevice_;
    std::unique_ptr<ncnn::Pipeline> pipeline_;
};

}  // namespace bdreader
