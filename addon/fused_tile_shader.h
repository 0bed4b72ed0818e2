#pragma once

namespace bdreader::shaders {

/**
 * First part of the fused shader: from the source into shared memory, and from there to the target.
 *
 * Follows a version line and the definitions that fused_shader.h names. `source`, `target`, `factors` and
 * `added` are ncnn's fp16 tensors with four channels packed together, `target` and `added` one plane for each
 * channel if their channels are no multiple of four.
 */
constexpr const char kFusedTile[] = R"glsl(
#if COOPERATIVE
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#pragma use_vulkan_memory_model
#endif
#extension GL_EXT_control_flow_attributes : require

#if PACKED
#define TARGET uvec2
#else
#extension GL_EXT_shader_16bit_storage : require
#define TARGET float16_t
#endif

layout(constant_id = 0) const float slope = 1.f;

layout(binding = 0) readonly buffer source_blob { uvec2 source[]; };
layout(binding = 1) writeonly buffer target_blob { TARGET target[]; };
layout(binding = 2) readonly buffer weight_blob { uvec4 weights[]; };
layout(binding = 3) readonly buffer bias_blob { float biases[]; };
#if SCALED
layout(binding = 4) readonly buffer factor_blob { uvec2 factors[]; };
#endif
#if ADDED
layout(binding = 4 + SCALED) readonly buffer added_blob { TARGET added[]; };
#endif

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
    int source_blocks;
    int groups;
    int pad;
    int cut;
    int added_width;
    int added_step;
    int added_first;
} p;

// Lengths are in uvec4, eight channels. One more than a pixel needs makes them odd: then the 16 pixels that are
// loaded together lie in different banks.
const int SIDE = 16;
const int THREADS = SUBGROUPS * 32;
const int EIGHTS_IN = BLOCKS_IN * 2;
const int EIGHTS_OUT = BLOCKS_OUT * 2;
const int HALO_WIDTH = SIDE + KERNEL - 1;
const int HALO_PIXELS = HALO_WIDTH * (SUBGROUPS * ROWS + KERNEL - 1);
const int HALO_STEP = EIGHTS_IN + 1;
const int STAGE_STEP = EIGHTS_OUT + 1;
const int HALO_LENGTH = HALO_PIXELS * HALO_STEP;
const int STAGE_LENGTH = SUBGROUPS * SIDE * STAGE_STEP;
/** Pixels that an invocation brings into shared memory. */
const int BROUGHT = (HALO_PIXELS + THREADS - 1) / THREADS;
/** Pixels of the target side by side. */
const int TARGET_SIDE = SIDE * SPREAD;

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

vec2 halves_of(uint pair)
{
    return unpackHalf2x16(pair);
}

#if SCALED
uvec4 product_of(uvec4 a, uvec4 b)
{
    uvec4 product;
    [[unroll]] for (int i = 0; i < 4; i++) product[i] = packHalf2x16(halves_of(a[i]) * halves_of(b[i]));
    return product;
}
#endif

/**
 * Reads all before the barrier, so that this overlaps with what other subgroups still multiply. Nothing is
 * computed between these reads: where they are conditional, that would let each wait for the one before it.
 */
void bring_halo(int first_plane)
{
    uvec4 brought[BROUGHT][EIGHTS_IN];
#if SCALED
    uvec4 by[EIGHTS_IN];
    [[unroll]] for (int eighth = 0; eighth < EIGHTS_IN; eighth++)
    {
        int plane = first_plane + eighth * 2;
        by[eighth].xy = factors[min(plane, p.source_planes - 1)];
        by[eighth].zw = factors[min(plane + 1, p.source_planes - 1)];
    }
#endif
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
#if SCALED
            brought[i][eighth] = product_of(brought[i][eighth], by[eighth]);
#endif
            tile[pixel * HALO_STEP + eighth] = brought[i][eighth];
        }
    }
    barrier();
}

/** Of a row of places, pixels on the left and the top of the target can be cut off. */
bool is_in_target(int x, int y)
{
    return x >= 0 && x < p.target_width && y >= 0 && y < p.target_height;
}

#if PACKED
const int EIGHTS_PER_PIXEL = EIGHTS_OUT / SPREAD;
/** Eights of channels that an invocation stores of a row of places. */
const int STORED = BLOCKS_OUT;

uvec4 sum_of(uvec4 a, uvec4 b)
{
    uvec4 sum;
    [[unroll]] for (int i = 0; i < 4; i++) sum[i] = packHalf2x16(halves_of(a[i]) + halves_of(b[i]));
    return sum;
}

/** Column and row of the target, first of the two planes, and where the eight lies among those of its place. */
ivec4 stored_at(int i, int group, int left, int y)
{
    int column = i % TARGET_SIDE;
    int eighth = i / TARGET_SIDE;
    return ivec4(left * SPREAD + column - p.cut, y * SPREAD + group % SPREAD - p.cut,
                 (group / SPREAD * EIGHTS_PER_PIXEL + eighth) * 2,
                 column / SPREAD * STAGE_STEP + column % SPREAD * EIGHTS_PER_PIXEL + eighth);
}

#if ADDED
uvec4 addends[STORED];

/**
 * Early, so that this overlaps with the results on their way through shared memory, and without conditions, so
 * that no read waits for another: outside of the target the values are of its edge, and never used.
 */
void bring_added(int lane, int group, int left, int y)
{
    [[unroll]] for (int i = 0; i < STORED; i++)
    {
        ivec4 at = stored_at(lane + i * 32, group, left, y);
        int x = clamp(at.x, 0, p.target_width - 1);
        int index = p.added_first + clamp(at.y, 0, p.target_height - 1) * p.added_width + x;
        addends[i].xy = added[min(at.z, p.target_planes - 1) * p.added_step + index];
        addends[i].zw = added[min(at.z + 1, p.target_planes - 1) * p.added_step + index];
    }
}
#endif

void store_row(int subgroup, int lane, int group, int left, int y)
{
    [[unroll]] for (int i = 0; i < STORED; i++)
    {
        ivec4 at = stored_at(lane + i * 32, group, left, y);
        if (!is_in_target(at.x, at.y)) continue;
        uvec4 eight = tile[subgroup * SIDE * STAGE_STEP + at.w];
#if ADDED
        eight = sum_of(eight, addends[i]);
#endif
        int index = at.z * p.target_step + at.y * p.target_width + at.x;
        if (at.z < p.target_planes) target[index] = eight.xy;
        if (at.z + 1 < p.target_planes) target[index + p.target_step] = eight.zw;
    }
}
#else
/** Numbers that the invocations store of a row of places, all pixels of each channel after another. */
const int STORED = TARGET_SIDE * SPREAD * CHANNELS;

void store_row(int subgroup, int lane, int group, int left, int y)
{
    [[unroll]] for (int i = lane; i < STORED; i += 32)
    {
        int column = i % TARGET_SIDE;
        int row = i / TARGET_SIDE % SPREAD;
        int channel = i / TARGET_SIDE / SPREAD;
        int result = (row * SPREAD + column % SPREAD) * CHANNELS + channel;
        ivec2 at = ivec2(left * SPREAD + column, y * SPREAD + row) - p.cut;
        if (!is_in_target(at.x, at.y)) continue;
        uvec4 eight = tile[(subgroup * SIDE + column / SPREAD) * STAGE_STEP + result / 8];
        float value = halves_of(eight[result % 8 / 2])[result % 2];
#if ADDED
        value += float(added[channel * p.added_step + p.added_first + at.y * p.added_width + at.x]);
#endif
        target[channel * p.target_step + at.y * p.target_width + at.x] = TARGET(value);
    }
}
#endif
)glsl";

}  // namespace bdreader::shaders
