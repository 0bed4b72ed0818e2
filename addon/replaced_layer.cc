#include "replaced_layer.h"

namespace bdreader {

ReplacedLayer::ReplacedLayer(int typeIndex) {
    typeindex = typeIndex;
    one_blob_only = true;
}

int ReplacedLayer::leaveToNcnn(const ncnn::ParamDict& params) {
    ncnnLayer_.reset(vkdev ? ncnn::create_layer(typeindex) : ncnn::create_layer_cpu(typeindex));
    if (!ncnnLayer_) return kNoMemory;
    ncnnLayer_->vkdev = vkdev;
    ncnnLayer_->featmask = featmask;
    ncnnLayer_->bottoms = bottoms;
    ncnnLayer_->tops = tops;
    ncnnLayer_->bottom_shapes = bottom_shapes;
    ncnnLayer_->top_shapes = top_shapes;
    const int status = ncnnLayer_->load_param(params);
    one_blob_only = ncnnLayer_->one_blob_only;
    support_inplace = ncnnLayer_->support_inplace;
    support_vulkan = ncnnLayer_->support_vulkan;
    support_packing = ncnnLayer_->support_packing;
    support_bf16_storage = ncnnLayer_->support_bf16_storage;
    support_fp16_storage = ncnnLayer_->support_fp16_storage;
    support_int8_storage = ncnnLayer_->support_int8_storage;
    support_tensor_storage = ncnnLayer_->support_tensor_storage;
    support_vulkan_packing = ncnnLayer_->support_vulkan_packing;
    support_any_packing = ncnnLayer_->support_any_packing;
    support_vulkan_any_packing = ncnnLayer_->support_vulkan_any_packing;
    support_batch = ncnnLayer_->support_batch;
    return status;
}

int ReplacedLayer::load_model(const ncnn::ModelBin& model) {
    return ncnnLayer_->load_model(model);
}

int ReplacedLayer::create_pipeline(const ncnn::Option& option) {
    if (!ncnnLayer_) return 0;
    ncnnLayer_->bottom_shapes = bottom_shapes;
    ncnnLayer_->top_shapes = top_shapes;
    return ncnnLayer_->create_pipeline(option);
}

int ReplacedLayer::destroy_pipeline(const ncnn::Option& option) {
    return ncnnLayer_ ? ncnnLayer_->destroy_pipeline(option) : 0;
}

int ReplacedLayer::forward(const std::vector<ncnn::Mat>& bottoms_, std::vector<ncnn::Mat>& tops_,
                           const ncnn::Option& option) const {
    return ncnnLayer_ ? ncnnLayer_->forward(bottoms_, tops_, option) : kUnexpectedTensor;
}

int ReplacedLayer::forward(const ncnn::Mat& bottom, ncnn::Mat& top, const ncnn::Option& option) const {
    return ncnnLayer_ ? ncnnLayer_->forward(bottom, top, option) : kUnexpectedTensor;
}

}  // namespace bdreader
