#pragma once

namespace bdreader::shaders {

/** Of one workgroup: loads a block of weights and writes what each invocation holds of it, eight values each.
 */
constexpr const char kFragmentOrder[] = R"glsl(#version 450
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#pragma use_vulkan_memory_model

layout(binding = 0) readonly buffer number_blob { uvec4 numbers[]; };
layout(binding = 1) writeonly buffer place_blob { float places[]; };

void main()
{
    coopmat<float16_t, gl_ScopeSubgroup, 16, 16, gl_MatrixUseB> block;
    coopMatLoad(block, numbers, 0, 2, gl_CooperativeMatrixLayoutColumnMajor);
    int first = int(gl_SubgroupInvocationID) * 8;
    for (int i = 0; i < 8; i++) places[first + i] = block.length() == 8 ? float(block[i]) : -1.f;
}
)glsl";

}  // namespace bdreader::shaders
