#pragma once

#include <ncnn/gpu.h>
#include <ncnn/option.h>

#include <optional>
#include <vector>

#include "fused_weights.h"
#include "shader_compiler.h"

namespace bdreader {

/**
 * Asks a device's matrix units, by a small shader, which places of the right matrix each invocation holds:
 * drivers are free in that. Weights in this order are read with one load for a block instead of one for every
 * pair.
 *
 * @param device with the abilities that canFuseConvolutions asks for
 * @param option as the network is loaded with
 * @return nothing where an invocation holds other than eight places or a place is not held exactly once
 * @throws Failure kInternal when the shader does not compile, kDeviceUnavailable when it does not run
 */
std::optional<FragmentOrder> fragmentOrderOf(const ncnn::VulkanDevice* device, const ncnn::Option& option,
                                             ShaderCompiler& compiler);

/** @return the places as an order; nothing unless they are a permutation of all places of a block */
std::optional<FragmentOrder> checkedOrder(const std::vector<float>& places);

}  // namespace bdreader
