#pragma once

#include <ncnn/layer.h>

#include <memory>
#include <vector>

namespace bdreader {

/** What ncnn's layers return for these. */
constexpr int kNoMemory = -100;
/** Not -1, by which an extractor tells that the device was lost. */
constexpr int kUnexpectedTensor = -2;
constexpr int kUnexpectedWeights = -1;

/**
 * Stands in a network where ncnn would have put a layer of its own. What it does not take, it leaves to that
 * layer.
 */
class ReplacedLayer : public ncnn::Layer {
  public:
    int load_model(const ncnn::ModelBin& model) override;
    int create_pipeline(const ncnn::Option& option) override;
    int destroy_pipeline(const ncnn::Option& option) override;
    int forward(const std::vector<ncnn::Mat>& bottoms, std::vector<ncnn::Mat>& tops,
                const ncnn::Option& option) const override;
    int forward(const ncnn::Mat& bottom, ncnn::Mat& top, const ncnn::Option& option) const override;

  protected:
    explicit ReplacedLayer(int typeIndex);

    /** From load_param: ncnn's layer does it all. @return status */
    int leaveToNcnn(const ncnn::ParamDict& params);
    /** @return ncnn's own layer; null when this one computes */
    ncnn::Layer* ncnnLayer() const { return ncnnLayer_.get(); }

  private:
    std::unique_ptr<ncnn::Layer> ncnnLayer_;
};

}  // namespace bdreader
