#include "own_layers_net.h"

#include <ncnn/layer_type.h>

#include <algorithm>
#include <memory>

#include "fused_layer.h"
#include "own_convolution.h"

namespace bdreader {

int OwnLayersNet::ownConvolutions() const {
    const auto isOwn = [](const ncnn::Layer* layer) {
        const auto* own = dynamic_cast<const OwnConvolution*>(layer);
        return own && own->isOwn();
    };
    return static_cast<int>(std::count_if(layers().begin(), layers().end(), isOwn));
}

ncnn::Layer* OwnLayersNet::create_overwrite_builtin_layer(const char* type) {
    return create_overwrite_builtin_layer(ncnn::layer_to_index(type));
}

ncnn::Layer* OwnLayersNet::create_overwrite_builtin_layer(int typeIndex) {
    const bool isConvolution = typeIndex == ncnn::LayerType::Convolution;
    const bool isFusable = isConvolution || typeIndex == ncnn::LayerType::Deconvolution;
    if (fused_ && isFusable) return std::make_unique<FusedLayer>(*fused_, typeIndex).release();
    if (kernels_ && isConvolution)
        return std::make_unique<OwnConvolution>(*kernels_, opt.use_winograd_convolution).release();
    return nullptr;
}

}  // namespace bdreader
