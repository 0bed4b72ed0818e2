#include "direct_kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#define DIRECT_TARGET __attribute__((target("avx512f")))
#define DIRECT_INLINE DIRECT_TARGET __attribute__((always_inline)) static inline

namespace bdreader {

namespace {

/** Of 32 registers two hold weights, one a value and 28 the sums. */
constexpr int kMostPixels = 14;

struct Vector {
    using Type = __m512;
    static constexpr int kWidth = 16;

    DIRECT_INLINE Type load(const float* from) { return _mm512_loadu_ps(from); }
    DIRECT_INLINE void store(float* to, Type value) { _mm512_storeu_ps(to, value); }
    DIRECT_INLINE Type repeat(float value) { return _mm512_set1_ps(value); }
    DIRECT_INLINE Type add(Type a, Type b) { return _mm512_add_ps(a, b); }
    DIRECT_INLINE Type subtract(Type a, Type b) { return _mm512_sub_ps(a, b); }
    DIRECT_INLINE Type multiply(Type a, Type b) { return _mm512_mul_ps(a, b); }
    DIRECT_INLINE Type multiplyAdd(Type a, Type b, Type sum) { return _mm512_fmadd_ps(a, b, sum); }
    DIRECT_INLINE Type activate(Type sum, Type slopes) {
        const __mmask16 isNegative = _mm512_cmp_ps_mask(sum, _mm512_setzero_ps(), _CMP_LT_OQ);
        return _mm512_mask_mul_ps(sum, isNegative, sum, slopes);
    }
};

}  // namespace

}  // namespace bdreader

#include "direct_kernel.h"

namespace bdreader {

const DirectKernels* directKernelsOfAvx512() {
    return &kKernels;
}

}  // namespace bdreader

#else

namespace bdreader {

const DirectKernels* directKernelsOfAvx512() {
    return nullptr;
}

}  // namespace bdreader

#endif
