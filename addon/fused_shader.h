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
 * all taps read them from there, and adds up in fp32. A row of pixels, once loaded into a matrix, serves the
 * three taps of its column.
 *
 * Follows a version line and definitions of COOPERATIVE (1: matrix units, 0: the same with ordinary
 * arithmetic), BLOCKS_IN and BLOCKS_OUT (blocks of 16 channels that are read at once, and that a workgroup
 * computes), ROWS (of pixels that a subgroup computes) and SUBGROUPS.
 *
 * `source` and `target` are ncnn's fp16 tensors with four channels packed together; `weights` is ordered as
 * fused_weights.h says, so that each invocation reads what it holds of a block at once; `biases` repeats the
 * 16 values of each block for 16 rows.
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
const int THREADS = SUBGROUPS * 32;
const int EIGHTS_IN = BLOCKS_IN * 2;
const int EIGHTS_OUT = BLOCKS_OUT * 2;
const int HALO_WIDTH = SIDE + 2;
const int HALO_PIXELS = HALO_WIDTH * (SUBGROUPS * ROWS + 2);
const int HALO_STEP = EIGHTS_IN + 1;
const int STAGE_STEP = EIGHTS_OUT + 1;
const int HALO_LENGTH = HALO_PIXELS * HALO_STEP;
const int STAGE_LENGTH = SUBGROUPS * SIDE * STAGE_STEP;
/** Eight weights for each of the 32 invocations. */
const int WEIGHT_BLOCK = 32;
/** Weights of a tap and 16 input channels. */
const int WEIGHT_STEP = WEIGHT_BLOCK * BLOCKS_OUT;
/** Pixels that an invocation brings into shared memory. */
const int BROUGHT = (HALO_PIXELS + THREADS - 1) / THREADS;

/** First the pixels with their ring, in the end a row of results for each subgroup. */
shared uvec4 tile[HALO_LENGTH > STAGE_LENGTH ? HALO_LENGTH : STAGE_LENGTH];

/** Where these pixels are in a plane of the source; negative: outside, zero. */
int brought_from[BROUGHT];

/** Once for all channels: divisions by what is no power of two take long. */
void place_halo(int left, int top)
{
    [[unroll]] for (int i = 0; i < BROUGHT; i++)
    {
        int pixel = int(gl_LocalInvocationID.x) + i * THREADS;
        int x = left + pixel % HALO_WIDTH;
        int y = top + pixel / HALO_WIDTH;
        bool is_inside = x >= 0 && x < p.width && y >= 0 && y < p.height;
        brought_from[i] = pixel < HALO_PIXELS && is_inside ? y * p.width + x : -1;
    }
}

/** Reads all before the barrier, so that this overlaps with what other subgroups still multiply. */
void bring_halo(int first_plane)
{
    uvec4 brought[BROUGHT][EIGHTS_IN];
    [[unroll]] for (int i = 0; i < BROUGHT; i++)
    {
        [[unroll]] for (int eighth = 0; eighth < EIGHTS_IN; eighth++)
        {
            int plane = first_plane + eighth * 2;
            int index = plane * p.source_step + brought_from[i];
            bool is_inside = brought_from[i] >= 0;
            brought[i][eighth] = uvec4(0u);
            if (is_inside && plane < p.source_planes) brought[i][eighth].xy = source[index];
            if (is_inside && plane + 1 < p.source_planes) brought[i][eighth].zw = source[index + p.source_step];
        }
    }
    barrier();
    [[unroll]] for (int i = 0; i < BROUGHT; i++)
    {
        int pixel = int(gl_LocalInvocationID.x) + i * THREADS;
        if (pixel >= HALO_PIXELS) continue;
        [[unroll]] for (int eighth = 0; eighth < EIGHTS_IN; eighth++)
        {
            tile[pixel * HALO_STEP + eighth] = brought[i][eighth];
        }
    }
    barrier();
}

void store_row(int subgroup, int lane, int first_plane, int left, int y)
{
    [[unroll]] for (int i = lane; i < SIDE * EIGHTS_OUT; i += 32)
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

#if COOPERATIVE
#define PIXELS coopmat<float16_t, gl_ScopeSubgroup, 16, 16, gl_MatrixUseA>
#define WEIGHTS coopmat<float16_t, gl_ScopeSubgroup, 16, 16, gl_MatrixUseB>
#define SUMS coopmat<float, gl_ScopeSubgroup, 16, 16, gl_MatrixUseAccumulator>
#define RESULTS coopmat<float16_t, gl_ScopeSubgroup, 16, 16, gl_MatrixUseAccumulator>

/** Of the subgroup's own part of shared memory. */
void wait_for_row()
{
    subgroupMemoryBarrierShared();
    subgroupBarrier();
}
#else
/** The part of a 16x16 matrix that one invocation holds: eight channels of a pixel. */
struct Part
{
    float values[8];
};
#define SUMS Part

void wait_for_row()
{
    barrier();
}

float half_of(uvec4 eight, int index)
{
    return unpackHalf2x16(eight[index >> 1])[index & 1];
}

float weight_of(int first, int channel, int target_channel)
{
    return half_of(weights[first + target_channel * 2 + channel / 8], channel % 8);
}
#endif

void main()
{
#if COOPERATIVE
    int subgroup = int(gl_SubgroupID);
    int lane = int(gl_SubgroupInvocationID);
#else
    int subgroup = int(gl_LocalInvocationID.x) / 32;
    int lane = int(gl_LocalInvocationID.x) % 32;
    int column = lane % SIDE;
    int side = lane / SIDE;
#endif
    SUMS sums[ROWS][BLOCKS_OUT];
    int left = int(gl_WorkGroupID.x) * SIDE;
    int top = int(gl_WorkGroupID.y) * SUBGROUPS * ROWS;
    int group = int(gl_WorkGroupID.z);
    int first_row = subgroup * ROWS;
    int first_weight = group * p.source_blocks * 9 * WEIGHT_STEP;

    place_halo(left - p.pad, top - p.pad);

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
        bring_halo(block * 4);
        // Unrolled, loads of one step start before the multiplications of the step before it.
        [[unroll]] for (int step = 0; step < BLOCKS_IN * 3; step++)
        {
            int k = step / 3;
            int dx = step % 3;
            int first = first_weight + ((block + k) * 9 + dx * 3) * WEIGHT_STEP;
#if COOPERATIVE
            PIXELS pixels[ROWS + 2];
            [[unroll]] for (int r = 0; r < ROWS + 2; r++)
            {
                coopMatLoad(pixels[r], tile, ((first_row + r) * HALO_WIDTH + dx) * HALO_STEP + k * 2, HALO_STEP,
                            gl_CooperativeMatrixLayoutRowMajor);
            }
#endif
            [[unroll]] for (int dy = 0; dy < 3; dy++)
            {
#if COOPERATIVE
                WEIGHTS right[BLOCKS_OUT];
                [[unroll]] for (int n = 0; n < BLOCKS_OUT; n++)
                {
                    uvec4 halves = weights[first + dy * WEIGHT_STEP + n * WEIGHT_BLOCK + lane];
                    [[unroll]] for (int i = 0; i < 4; i++)
                    {
                        f16vec2 pair = unpackFloat2x16(halves[i]);
                        right[n][i * 2] = pair.x;
                        right[n][i * 2 + 1] = pair.y;
                    }
                }
                [[unroll]] for (int r = 0; r < ROWS; r++)
                {
                    [[unroll]] for (int n = 0; n < BLOCKS_OUT; n++)
                    {
                        sums[r][n] = coopMatMulAdd(pixels[r + dy], right[n], sums[r][n]);
                    }
                }
#else
                int pixel = (first_row + dy) * HALO_WIDTH + dx + column;
                for (int channel = 0; channel < SIDE; channel++)
                {
                    for (int n = 0; n < BLOCKS_OUT; n++) [[unroll]] for (int i = 0; i < 8; i++)
                    {
                        int block_first = first + dy * WEIGHT_STEP + n * WEIGHT_BLOCK;
                        float weight = weight_of(block_first, channel, side * 8 + i);
                        for (int r = 0; r < ROWS; r++)
                        {
                            uvec4 eight = tile[(pixel + r * HALO_WIDTH) * HALO_STEP + k * 2 + channel / 8];
                            sums[r][n].values[i] += half_of(eight, channel % 8) * weight;
                        }
                    }
                }
#endif
            }
        }
    }

    // All taps have been read.
    barrier();
    [[unroll]] for (int r = 0; r < ROWS; r++)
    {
        [[unroll]] for (int n = 0; n < BLOCKS_OUT; n++)
        {
            int first = subgroup * SIDE * STAGE_STEP + n * 2;
#if COOPERATIVE
            [[unroll]] for (int i = 0; i < sums[r][n].length(); i++) sums[r][n][i] = activated(sums[r][n][i]);
            coopMatStore(RESULTS(sums[r][n]), tile, first, STAGE_STEP, gl_CooperativeMatrixLayoutRowMajor);
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
        wait_for_row();
        store_row(subgroup, lane, group * BLOCKS_OUT * 4, left, top + first_row + r);
        wait_for_row();
    }
}
)glsl";

}  // namespace bdreader::shaders
