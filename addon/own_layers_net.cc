#include "own_layers_net.h"

#include <ncnn/layer_type.h>

#include <algorithm>
#include <memory>

#include "direct_layer.h"
#include "fused_layer.h"

namespace bdreader {

int OwnLayersNet::directConvolutions() const {
    const auto isDirect = [](const ncnn::Layer* layer) {
        const auto* direct = dynamic_cast<const DirectLayer*>(layer);
        return direct && direct->isDirect();
    };
    return static_cast<int>(std::count_if(layers().begin(), layers().end(), isDirect));
}

ncnn::Layer* OwnLayersNet::create_overwrite_builtin_layer(const char* type) {
    return create_overwrite_builtin_layer(ncnn::layer_to_index(type));
}

ncnn::Layer* OwnLayersNet::create_overwrite_builtin_layer(int typeIndex) {
    const bool isConvolution = typeIndex == ncnn::LayerType::Convolution;
    const bool isFusable = isConvolution || typeIndex == ncnn::LayerType::Deconvolution;
    if (fused_ && isFusable) return std::make_unique<FusedLayer>(*fused_, typeIndex).release();
    if (kernels_ && isConvolution)
        return std::make_unique<DirectLayer>(*kernels_, opt.use_winograd_convolution).release();
    return nullptr;
}

}  // namespace bdreader
