#pragma once

#include <ncnn/net.h>

#include "direct_kernels.h"
#include "fused_convolution.h"

namespace bdreader {

/** A net that puts the addon's own layers where ncnn has layers of the same type. */
class OwnLayersNet final : public ncnn::Net {
  public:
    /** On Vulkan: fuses convolutions and deconvolutions. @param fused null: ncnn computes them */
    void fuseWith(FusedConvolutions* fused) { fused_ = fused; }
    /** On the CPU: computes convolutions directly. @param kernels null: ncnn computes them */
    void convolveWith(const DirectKernels* kernels) { kernels_ = kernels; }

    /** @return how many convolutions are computed directly */
    int ownConvolutions() const;

  protected:
    // Instead of register_custom_layer, which writes a line to standard error for a layer that ncnn has, too.
    ncnn::Layer* create_overwrite_builtin_layer(const char* type) override;
    ncnn::Layer* create_overwrite_builtin_layer(int typeIndex) override;

  private:
    FusedConvolutions* fused_ = nullptr;
    const DirectKernels* kernels_ = nullptr;
};

}  // namespace bdreader
