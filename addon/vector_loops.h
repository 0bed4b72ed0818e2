#pragma once

/** Before a loop that must leave nothing but its rounds, so that arrays of vectors are registers. */
#ifdef __clang__
#define DIRECT_UNROLL _Pragma("clang loop unroll(full)")
#else
#define DIRECT_UNROLL _Pragma("GCC unroll 16")
#endif
