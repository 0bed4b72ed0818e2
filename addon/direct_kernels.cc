#include "direct_kernels.h"

#include <ncnn/cpu.h>

namespace bdreader {

const DirectKernels* directKernelsOfCpu() {
    // In ncnn's order, since tensors come in its packs.
    if (ncnn::cpu_support_x86_avx512() != 0) return directKernelsOfAvx512();
    const bool hasAvx2 = ncnn::cpu_support_x86_avx2() != 0 && ncnn::cpu_support_x86_fma() != 0;
    return hasAvx2 ? directKernelsOfAvx2() : nullptr;
}

}  // namespace bdreader
