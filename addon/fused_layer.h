#pragma once

#include <ncnn/layer.h>

#include <memory>
#include <vector>

#include "fused_convolution.h"
#include "replaced_layer.h"

namespace bdreader {

/**
 * Takes the place of ncnn's Convolution or Deconvolution on Vulkan: computes it with the fused shader if it
 * is of the kind that this takes, see fusedShapeOf, else leaves everything to ncnn's own layer.
 */
class FusedLayer final : public ReplacedLayer {
  public:
    /** @param shared must outlive the layer */
    FusedLayer(FusedConvolutions& shared, int typeIndex);

    bool isFused() const { return !ncnnLayer(); }

    /**
     * Before its weights are loaded. The layer's sources are then the source, the factors if it is scaled,
     * and what is added.
     */
    void computeBesides(const FusedExtras& extras) { extras_ = extras; }
    const FusedExtras& extras() const { return extras_; }

    int load_param(const ncnn::ParamDict& params) override;
    int load_model(const ncnn::ModelBin& model) override;
    int create_pipeline(const ncnn::Option& option) override;
    int destroy_pipeline(const ncnn::Option& option) override;
    int upload_model(ncnn::VkTransfer& command, const ncnn::Option& option) override;

    using ReplacedLayer::forward;
    int forward(const std::vector<ncnn::VkMat>& bottoms, std::vector<ncnn::VkMat>& tops,
                ncnn::VkCompute& command, const ncnn::Option& option) const override;
    int forward(const ncnn::VkMat& bottom, ncnn::VkMat& top, ncnn::VkCompute& command,
                const ncnn::Option& option) const override;

  private:
    int targetPack() const { return shape_.packsTarget() ? kFusedPack : 1; }
    bool areExpected(const std::vector<ncnn::VkMat>& bottoms, Size target) const;
    int record(const std::vector<ncnn::VkMat>& bottoms, ncnn::VkMat& top, ncnn::VkCompute& command,
               const ncnn::Option& option) const;

    FusedConvolutions& shared_;
    FusedShape shape_;
    FusedExtras extras_;
    ncnn::Mat weights_;
    ncnn::Mat bias_;
    ncnn::VkMat weightsOnDevice_;
    ncnn::VkMat biasOnDevice_;
    std::unique_ptr<ncnn::Pipeline> pipeline_;
};

}  // namespace bdreader
