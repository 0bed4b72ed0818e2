#include "layer_support.h"

#include <ncnn/layer.h>

#include <memory>

namespace bdreader {

bool isKnownLayer(const std::string& type) {
    // ncnn knows the names of layers that were left out of the build, but makes none of them.
    const std::unique_ptr<ncnn::Layer> layer(ncnn::create_layer_cpu(type.c_str()));
    return layer != nullptr;
}

}  // namespace bdreader
