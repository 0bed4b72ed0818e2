#include "direct_kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#define DIRECT_TARGET __attribute__((target("avx2,fma")))
#define DIRECT_INLINE DIRECT_TARGET __attribute__((always_inline)) static inline

namespace bdreader {

namespace {

/** Of 16 registers two hold weights, one a value and 12 the sums. */
constexpr int kMostPixels = 6;

struct Vector {
    using Type = __m256;
    static constexpr int kWidth = 8;

    DIRECT_INLINE Type load(const float* from) { return _mm256_loadu_ps(from); }
    DIRECT_INLINE void store(float* to, Type value) { _mm256_storeu_ps(to, value); }
    DIRECT_INLINE Type repeat(float value) { return _mm256_set1_ps(value); }
    DIRECT_INLINE Type add(Type a, Type b) { return _mm256_add_ps(a, b); }
    DIRECT_INLINE Type subtract(Type a, Type b) { return _mm256_sub_ps(a, b); }
    DIRECT_INLINE Type multiply(Type a, Type b) { return _mm256_mul_ps(a, b); }
    DIRECT_INLINE Type multiplyAdd(Type a, Type b, Type sum) { return _mm256_fmadd_ps(a, b, sum); }
    DIRECT_INLINE Type activate(Type sum, Type slopes) {
        const Type isNegative = _mm256_cmp_ps(sum, _mm256_setzero_ps(), _CMP_LT_OQ);
        return _mm256_blendv_ps(sum, _mm256_mul_ps(sum, slopes), isNegative);
    }
};

}  // namespace

}  // namespace bdreader

#include "direct_kernel.h"

namespace bdreader {

const DirectKernels* directKernelsOfAvx2() {
    return &kKernels;
}

}  // namespace bdreader

#else

namespace bdreader {

const DirectKernels* directKernelsOfAvx2() {
    return nullptr;
}

}  // namespace bdreader

#endif
