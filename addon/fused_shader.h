#pragma once

namespace bdreader::shaders {

/** Places of the grid that a workgroup of the fused shader computes, and what it is made of. */
constexpr int kFusedColumns = 16;
constexpr int kFusedRowsPerSubgroup = 4;
constexpr int kFusedSubgroups = 4;
constexpr int kFusedRows = kFusedSubgroups * kFusedRowsPerSubgroup;
constexpr int kFusedSubgroupSize = 32;

/**
 * Second part of the fused shader, after fused_tile_shader.h: a convolution with bias and activation as one
 * implicit matrix product. Rows of the left matrix are 16 pixels side by side, its columns 16 input channels
 * at one of the taps; the right matrix holds the weights of these channels. A workgroup keeps its pixels and
 * the ring around them in shared memory, so that all taps read them from there, and adds up in fp32. A row of
 * pixels, once loaded into a matrix, serves the taps of its column.
 *
 * Needs definitions of COOPERATIVE (1: matrix units, 0: the same with ordinary arithmetic), of the shape, as
 * fused_shape.h has it (KERNEL, SPREAD, BLOCKS_IN, BLOCKS_OUT, PACKED: whether the target is, and
 * CHANNELS of one that is not), of what else is computed on the way (SCALED: each channel of the source is
 * multiplied with a factor; ADDED: a tensor is added to the results after the activation), of ROWS (of places
 * that a subgroup computes) and SUBGROUPS.
 *
 * `weights` is ordered as fused_weights.h says, so that each invocation reads what it holds of a block at
 * once; `biases` repeats the 16 values of each block for 16 rows.
 */
constexpr const char kFusedProduct[] = R"glsl(
const int TAPS = KERNEL * KERNEL;
/** Eight weights for each of the 32 invocations. */
const int WEIGHT_BLOCK = 32;
/** Weights of a tap and 16 input channels. */
const int WEIGHT_STEP = WEIGHT_BLOCK * BLOCKS_OUT;

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
    // Groups that need the same pixels run together, and find them in the cache.
    int group = int(gl_WorkGroupID.x) % p.groups;
    int left = int(gl_WorkGroupID.x) / p.groups * SIDE;
    int top = int(gl_WorkGroupID.y) * SUBGROUPS * ROWS;
    int first_row = subgroup * ROWS;
    int first_weight = group * p.source_blocks * TAPS * WEIGHT_STEP;

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
        [[unroll]] for (int step = 0; step < BLOCKS_IN * KERNEL; step++)
        {
            int k = step / KERNEL;
            int dx = step % KERNEL;
            int first = first_weight + ((block + k) * TAPS + dx * KERNEL) * WEIGHT_STEP;
#if COOPERATIVE
            PIXELS pixels[ROWS + KERNEL - 1];
            [[unroll]] for (int r = 0; r < ROWS + KERNEL - 1; r++)
            {
                coopMatLoad(pixels[r], tile, ((first_row + r) * HALO_WIDTH + dx) * HALO_STEP + k * 2, HALO_STEP,
                            gl_CooperativeMatrixLayoutRowMajor);
            }
#endif
            [[unroll]] for (int dy = 0; dy < KERNEL; dy++)
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
#if ADDED && PACKED
        bring_added(lane, group, left, top + first_row + r);
#endif
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
        store_row(subgroup, lane, group, left, top + first_row + r);
        wait_for_row();
    }
}
)glsl";

}  // namespace bdreader::shaders
