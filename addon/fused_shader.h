#pragma once

namespace bdreader::shaders {

/** Pixels that a workgroup of the fused convolution computes, and what it is made of. */
constexpr int kFusedColumns = 16;
constexpr int kFusedRowsPerSubgroup = 4;
constexpr int kFusedSubgroups = 4;
constexpr int kFusedRows = kFusedSubgroups * kFusedRowsPerSubgroup;
constexpr int kFusedSubgroupSize = 32;

/**
 * A 3x3 convolution with bias and activation as one implicit matrix product. Rows of the left matrix are 16
 * pixels side by side, its columns 16 input channels at one of the nine taps; the right matrix holds the
 * weights of these channels. A workgroup keeps its pixels and the ring around them in shared memory, so that
 * all taps read them from there, and adds up in fp32.
 *
 * Follows a version line and definitions of COOPERATIVE (1: matrix units, 0: the same with ordinary
 * arithmetic), BLOCKS_IN and BLOCKS_OUT (blocks of 16 channels that are read at once, and that a workgroup
 * computes), ROWS (of pixels that a subgroup computes) and SUBGROUPS.
 *
 * `source` and `target` are ncnn's fp16 tensors with four channels packed together; `weights` is ordered as
 * fused_weights.h says; `biases` repeats the 16 values of each block for 16 rows.
 */
constexpr const char kFusedConvolution[] = R"glsl(
#if COOPERATIVE
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#pragma use_vulkan_memory_model
#endif
#extension GL_EXT_control_flow_attributes : require

layout(constant_id = 0) const float slope = 1.f;

layout(binding = 0) readonly buffer source_blob { uvec2 source[]; };
layout(binding = 1) writeonly buffer target_blob { uvec2 target[]; };
layout(binding = 2) readonly buffer weight_blob { uvec4 weights[]; };
layout(binding = 3) readonly buffer bias_blob { float biases[]; };

layout(push_constant) uniform parameter
{
    int width;
    int height;
    int source_step;
    int source_planes;
    int target_width;
    int target_height;
    int target_step;
    int target_planes;
    int pad;
    int source_blocks;
} p;

// Lengths are in uvec4, eight channels. One more than a pixel needs makes them odd: then the 16 pixels that are
// loaded together lie in different banks.
const int SIDE = 16;
const int EIGHTS_IN = BLOCKS_IN * 2;
const int EIGHTS_OUT = BLOCKS_OUT * 2;
const int HALO_WIDTH = SIDE + 2;
const int HALO_PIXELS = HALO_WIDTH * (SUBGROUPS * ROWS + 2);
const int HALO_STEP = EIGHTS_IN + 1;
const int STAGE_STEP = EIGHTS_OUT + 1;
const int HALO_LENGTH = HALO_PIXELS * HALO_STEP;
const int STAGE_LENGTH = SUBGROUPS * SIDE * STAGE_STEP;

/** First the pixels with their ring, in the end a row of results for each subgroup. */
shared uvec4 tile[HALO_LENGTH > STAGE_LENGTH ? HALO_LENGTH : STAGE_LENGTH];

void load_halo(int first_plane, int left, int top)
{
    for (int i = int(gl_LocalInvocationID.x); i < HALO_PIXELS * EIGHTS_IN; i += SUBGROUPS * 32)
    {
        int pixel = i % HALO_PIXELS;
        int eighth = i / HALO_PIXELS;
        int x = left + pixel % HALO_WIDTH;
        int y = top + pixel / HALO_WIDTH;
        int plane = first_plane + eighth * 2;
        int index = plane * p.source_step + y * p.width + x;
        bool is_inside = x >= 0 && x < p.width && y >= 0 && y < p.height;
        uvec4 channels = uvec4(0u);
        if (is_inside && plane < p.source_planes) channels.xy = source[index];
        if (is_inside && plane + 1 < p.source_planes) channels.zw = source[index + p.source_step];
        tile[pixel * HALO_STEP + eighth] = channels;
    }
}

void store_row(int subgroup, int lane, int first_plane, int left, int y)
{
    for (int i = lane; i < SIDE * EIGHTS_OUT; i += 32)
    {
        int x = left + i % SIDE;
        int eighth = i / SIDE;
        int plane = first_plane + eighth * 2;
        if (x >= p.target_width || y >= p.target_height) continue;
        uvec4 channels = tile[(subgroup * SIDE + i % SIDE) * STAGE_STEP + eighth];
        int index = plane * p.target_step + y * p.target_width + x;
        if (plane < p.target_planes) target[index] = channels.xy;
        if (plane + 1 < p.target_planes) target[index + p.target_step] = channels.zw;
    }
}

float activated(float value)
{
    return value < 0.f ? value * slope : value;
}

#if !COOPERATIVE
float half_of(uvec4 eight, int index)
{
    return unpackHalf2x16(eight[index >> 1])[index & 1];
}

/** The part of a 16x16 matrix that one invocation holds: eight channels of a pixel. */
struct Part
{
    float values[8];
};
#endif

void main()
{
#if COOPERATIVE
    int subgroup = int(gl_SubgroupID);
    int lane = int(gl_SubgroupInvocationID);
    coopmat<float, gl_ScopeSubgroup, 16, 16, gl_MatrixUseAccumulator> sums[ROWS][BLOCKS_OUT];
#else
    int subgroup = int(gl_LocalInvocationID.x) / 32;
    int lane = int(gl_LocalInvocationID.x) % 32;
    int column = lane % SIDE;
    int side = lane / SIDE;
    Part sums[ROWS][BLOCKS_OUT];
#endif
    int left = int(gl_WorkGroupID.x) * SIDE;
    int top = int(gl_WorkGroupID.y) * SUBGROUPS * ROWS;
    int group = int(gl_WorkGroupID.z);
    int first_row = subgroup * ROWS;

    [[unroll]] for (int n = 0; n < BLOCKS_OUT; n++)
    {
        int first = (group * BLOCKS_OUT + n) * SIDE * SIDE;
#if COOPERATIVE
        coopMatLoad(sums[0][n], biases, first, SIDE, gl_CooperativeMatrixLayoutRowMajor);
#else
        for (int i = 0; i < 8; i++) sums[0][n].values[i] = biases[first + column * SIDE + side * 8 + i];
#endif
        [[unroll]] for (int r = 1; r < ROWS; r++) sums[r][n] = sums[0][n];
    }

    for (int block = 0; block < p.source_blocks; block += BLOCKS_IN)
    {
        barrier();
        load_halo(block * 4, left - p.pad, top - p.pad);
        barrier();
        for (int tap = 0; tap < 9; tap++)
        {
            int corner = (first_row + tap / 3) * HALO_WIDTH + tap % 3;
            [[unroll]] for (int k = 0; k < BLOCKS_IN; k++)
            {
                int first = ((group * p.source_blocks + block + k) * 9 + tap) * SIDE * EIGHTS_OUT;
#if COOPERATIVE
                coopmat<float16_t, gl_ScopeSubgroup, 16, 16, gl_MatrixUseB> right[BLOCKS_OUT];
                [[unroll]] for (int n = 0; n < BLOCKS_OUT; n++)
                {
                    coopMatLoad(right[n], weights, first + n * 2, EIGHTS_OUT, gl_CooperativeMatrixLayoutRowMajor);
                }
                [[unroll]] for (int r = 0; r < ROWS; r++)
                {
                    coopmat<float16_t, gl_ScopeSubgroup, 16, 16, gl_MatrixUseA> pixels;
                    coopMatLoad(pixels, tile, (corner + r * HALO_WIDTH) * HALO_STEP + k * 2, HALO_STEP,
                                gl_CooperativeMatrixLayoutRowMajor);
                    [[unroll]] for (int n = 0; n < BLOCKS_OUT; n++)
                    {
                        sums[r][n] = coopMatMulAdd(pixels, right[n], sums[r][n]);
                    }
                }
#else
                for (int channel = 0; channel < SIDE; channel++)
                {
                    for (int n = 0; n < BLOCKS_OUT; n++)
                    {
                        uvec4 right = weights[first + channel * EIGHTS_OUT + n * 2 + side];
                        for (int r = 0; r < ROWS; r++)
                        {
                            int pixel = corner + r * HALO_WIDTH + column;
                            float value = half_of(tile[pixel * HALO_STEP + k * 2 + channel / 8], channel % 8);
                            for (int i = 0; i < 8; i++) sums[r][n].values[i] += value * half_of(right, i);
                        }
                    }
                }
#endif
            }
        }
    }

    [[unroll]] for (int r = 0; r < ROWS; r++)
    {
        // Before: all taps, or the row above, have been read.
        barrier();
        [[unroll]] for (int n = 0; n < BLOCKS_OUT; n++)
        {
            int first = subgroup * SIDE * STAGE_STEP + n * 2;
#if COOPERATIVE
            [[unroll]] for (int i = 0; i < sums[r][n].length(); i++) sums[r][n][i] = activated(sums[r][n][i]);
            coopmat<float16_t, gl_ScopeSubgroup, 16, 16, gl_MatrixUseAccumulator> halves =
                coopmat<float16_t, gl_ScopeSubgroup, 16, 16, gl_MatrixUseAccumulator>(sums[r][n]);
            coopMatStore(halves, tile, first, STAGE_STEP, gl_CooperativeMatrixLayoutRowMajor);
#else
            uvec4 halves;
            for (int i = 0; i < 4; i++)
            {
                halves[i] = packHalf2x16(vec2(activated(sums[r][n].values[i * 2]),
                                              activated(sums[r][n].values[i * 2 + 1])));
            }
            tile[first + column * STAGE_STEP + side] = halves;
#endif
        }
        barrier();
        store_row(subgroup, lane, group * BLOCKS_OUT * 4, left, top + first_row + r);
    }
}
)glsl";

}  // namespace bdreader::shaders
