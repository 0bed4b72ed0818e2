#pragma once

#include <vector>

#include "check.h"
#include "image.h"
#include "tiny_network.h"

namespace bdreader::test {

/** A tile that no page of a case is larger than. */
constexpr int kWhole = 4096;

/** @return the options of a network, for the shader on the first Vulkan device; throws Skipped if it lacks
 * something */
NetworkOptions fused(NetworkOptions options, FusedConvolution mode);

/**
 * Compares with the CPU, which computes in fp32.
 *
 * @param options of a network on the CPU
 * @param fusable how many of its layers are fused
 * @param sizes of pages
 */
void expectLikeCpu(FusedConvolution mode, const NetworkOptions& options, int fusable,
                   const std::vector<Size>& sizes);

}  // namespace bdreader::test

/** Registers a function of the shader's kind for both. */
#define REGISTER_KINDS(name, run)                                                                 \
    REGISTER_CASE("fused convolutions", name, [] { run(::bdreader::FusedConvolution::kPlain); }); \
    REGISTER_CASE("fused convolutions on matrix units", name,                                     \
                  [] { run(::bdreader::FusedConvolution::kCooperative); })
