#pragma once

#include <ncnn/gpu.h>
#include <ncnn/layer.h>

#include <exception>
#include <string>
#include <vector>

#include "fused_shape.h"
#include "fused_weights.h"
#include "network_options.h"
#include "shader_compiler.h"

namespace bdreader {

class FusedLayer;

/** What the fused convolutions of one network share; outlives them. */
struct FusedConvolutions {
    FusedConvolution mode;
    ShaderCompiler& compiler;
    /** Of the weights in a block. */
    FragmentOrder order;
    /** Convolutions and deconvolutions that are computed this way; ncnn computes the others. */
    std::vector<FusedLayer*> layers;
    /** Why the network could not be loaded; null when this is not the cause. */
    std::exception_ptr failure;
};

/** @return whether a device has what the shader needs: fp16 storage, room for a tile, and matrix units of its
 * shape */
bool canFuseConvolutions(const ncnn::GpuInfo& info, FusedConvolution mode);

/** What a fused layer computes besides, in the place of layers beside it. */
struct FusedExtras {
    /** Each channel of the source is first multiplied with a factor of its own, a tensor of one dimension. */
    bool isScaled = false;
    /** A tensor is added to the result. */
    bool isAdded = false;
    /** Columns and rows that it has more than the result, on the left and the top. */
    Size addedFrom{0, 0};
};

/** @return source of the shader for layers of this shape */
std::string fusedSource(FusedConvolution mode, const FusedShape& shape, const FusedExtras& extras);

}  // namespace bdreader
