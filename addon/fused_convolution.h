#pragma once

#include <ncnn/gpu.h>
#include <ncnn/net.h>

#include <exception>
#include <string>

#include "fused_weights.h"
#include "network_options.h"
#include "shader_compiler.h"

namespace bdreader {

/** What the fused convolutions of one network share; outlives them. */
struct FusedConvolutions {
    FusedConvolution mode;
    ShaderCompiler& compiler;
    /** Of the weights in a block. */
    FragmentOrder order;
    /** Convolutions that are computed this way; ncnn computes the others. */
    int layers = 0;
    /** Why the network could not be loaded; null when this is not the cause. */
    std::exception_ptr failure;
};

/** @return whether a device has what the shader needs: fp16 storage, room for a tile, and matrix units of its
 * shape */
bool canFuseConvolutions(const ncnn::GpuInfo& info, FusedConvolution mode);

/** @return source of the shader for convolutions of this shape */
std::string fusedConvolutionSource(FusedConvolution mode, const FusedBlocks& blocks);

/** A net whose 3x3 convolutions run as one shader each, wherever that takes them. */
class FusingNet final : public ncnn::Net {
  public:
    /** @param fused null: ncnn computes everything */
    void fuseWith(FusedConvolutions* fused) { fused_ = fused; }

  protected:
    // Instead of register_custom_layer, which writes a line to standard error for a layer that ncnn has, too.
    ncnn::Layer* create_overwrite_builtin_layer(const char* type) override;
    ncnn::Layer* create_overwrite_builtin_layer(int typeIndex) override;

  private:
    FusedConvolutions* fused_ = nullptr;
};

}  // namespace bdreader
