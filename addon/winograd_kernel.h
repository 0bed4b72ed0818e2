// Included by direct_kernel.h, with whose definitions it is compiled for each length of vectors.
#pragma once

#include "vector_loops.h"
#include "winograd_kernels.h"

namespace bdreader {

namespace {

// Points at which polynomials are evaluated: 0, +-sqrt(1/2), +-sqrt(2) and infinity. Their reciprocals are
// among them, so that no factor is large, and little is lost to rounding.
constexpr float kHalfRoot = 0.70710678118654752f;
constexpr float kRoot = 1.41421356237309505f;

/** @return the sum of `b` and a multiple of `a` */
DIRECT_INLINE Vector::Type times(float factor, Vector::Type a, Vector::Type b) {
    return Vector::multiplyAdd(Vector::repeat(factor), a, b);
}

/** The transpose of B times a column or row of source pixels. */
DIRECT_INLINE void alongInput(const Vector::Type (&d)[kWinogradSide], Vector::Type (&to)[kWinogradSide]) {
    const Vector::Type inner = times(-2.f, d[2], d[4]);
    const Vector::Type outer = times(-0.5f, d[2], d[4]);
    const Vector::Type innerOdd = times(-2.f, d[1], d[3]);
    const Vector::Type outerOdd = times(-0.5f, d[1], d[3]);
    to[0] = times(-2.5f, d[2], Vector::add(d[0], d[4]));
    to[1] = times(kHalfRoot, innerOdd, inner);
    to[2] = times(-kHalfRoot, innerOdd, inner);
    to[3] = times(kRoot, outerOdd, outer);
    to[4] = times(-kRoot, outerOdd, outer);
    to[5] = times(-2.5f, d[3], Vector::add(d[1], d[5]));
}

/** The transpose of A times a column or row of products. */
DIRECT_INLINE void alongOutput(const Vector::Type (&m)[kWinogradSide], Vector::Type (&to)[kWinogradBlock]) {
    const Vector::Type inner = Vector::add(m[1], m[2]);
    const Vector::Type innerOdd = Vector::subtract(m[1], m[2]);
    const Vector::Type outer = Vector::add(m[3], m[4]);
    const Vector::Type outerOdd = Vector::subtract(m[3], m[4]);
    to[0] = Vector::add(m[0], Vector::add(inner, outer));
    to[1] = times(kHalfRoot, innerOdd, Vector::multiply(Vector::repeat(kRoot), outerOdd));
    to[2] = times(0.5f, inner, Vector::add(outer, outer));
    to[3] = times(kHalfRoot / 2, innerOdd, times(2 * kRoot, outerOdd, m[5]));
}

DIRECT_TARGET void transformInput(const float* pixels, size_t rowStep, float* to, size_t step) {
    Vector::Type columns[kWinogradSide][kWinogradSide];
    DIRECT_UNROLL
    for (int x = 0; x < kWinogradSide; x++) {
        Vector::Type column[kWinogradSide];
        DIRECT_UNROLL
        for (int y = 0; y < kWinogradSide; y++) {
            column[y] = Vector::load(pixels + static_cast<size_t>(y) * rowStep + x * Vector::kWidth);
        }
        alongInput(column, columns[x]);
    }
    for (int y = 0; y < kWinogradSide; y++) {
        Vector::Type row[kWinogradSide];
        Vector::Type values[kWinogradSide];
        DIRECT_UNROLL
        for (int x = 0; x < kWinogradSide; x++) row[x] = columns[x][y];
        alongInput(row, values);
        DIRECT_UNROLL
        for (int x = 0; x < kWinogradSide; x++, to += step) Vector::store(to, values[x]);
    }
}

DIRECT_TARGET void transformOutput(const float* products, size_t step, const WinogradTarget& target) {
    Vector::Type rows[kWinogradSide][kWinogradBlock];
    DIRECT_UNROLL
    for (int y = 0; y < kWinogradSide; y++) {
        Vector::Type row[kWinogradSide];
        DIRECT_UNROLL
        for (int x = 0; x < kWinogradSide; x++, products += step) row[x] = Vector::load(products);
        alongOutput(row, rows[y]);
    }
    const Vector::Type bias = Vector::load(target.bias);
    const Vector::Type slopes = Vector::load(target.slopes);
    DIRECT_UNROLL
    for (int x = 0; x < kWinogradBlock; x++) {
        if (x >= target.width) return;
        Vector::Type column[kWinogradSide];
        Vector::Type values[kWinogradBlock];
        DIRECT_UNROLL
        for (int y = 0; y < kWinogradSide; y++) column[y] = rows[y][x];
        alongOutput(column, values);
        float* const pixels = target.pixels + x * Vector::kWidth;
        DIRECT_UNROLL
        for (int y = 0; y < kWinogradBlock; y++) {
            if (y >= target.height) break;
            Vector::store(pixels + static_cast<size_t>(y) * target.rowStep,
                          Vector::activate(Vector::add(values[y], bias), slopes));
        }
    }
}

}  // namespace

}  // namespace bdreader
