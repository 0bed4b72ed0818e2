#pragma once

namespace bdreader::shaders {

// `sfp`, `afp`, `sfpvec4`, buffer_ld1, buffer_ld4 and buffer_st1 are ncnn's names for how it stores and
// computes numbers on the device; ncnn defines them when it compiles a shader.

/** Words of the buffer in which shaders report on a tile. */
constexpr int kStatusWords = 4;
constexpr int kStatusInvalid = 0;
constexpr int kStatusInputPeak = 1;
constexpr int kStatusOutputPeak = 2;

/** 8-bit pixels to planes of value/255. One invocation is one pixel of the tile's region. */
constexpr const char kUnpack[] = R"glsl(#version 450

layout(constant_id = 0) const int replicates = 0;

layout(binding = 0) readonly buffer pixels_blob { uint pixels[]; };
layout(binding = 1) writeonly buffer planes_blob { sfp planes[]; };
layout(binding = 2) buffer status_blob { uint status[]; };

layout(push_constant) uniform parameter
{
    int left;
    int top;
    int width;
    int height;
    int plane_step;
    int page_width;
    int page_height;
    int given_left;
    int given_top;
    int given_width;
    int given_height;
} p;

int index_inside(int index, int length)
{
    if (replicates == 1) return clamp(index, 0, length - 1);
    if (length == 1) return 0;
    // A mirror's image does not depend on the side, and the remainder of a negative number is undefined on a GPU.
    uint period = 2u * uint(length - 1);
    int phase = int(uint(abs(index)) % period);
    return phase < length ? phase : int(period) - phase;
}

uint byte_at(int index)
{
    return (pixels[index >> 2] >> uint((index & 3) << 3)) & 255u;
}

void main()
{
    int x = int(gl_GlobalInvocationID.x);
    int y = int(gl_GlobalInvocationID.y);
    if (x >= p.width || y >= p.height) return;

    // What lies beyond the given pixels is needed by nobody: the tile is computed larger than its own part there.
    int column = clamp(index_inside(p.left + x, p.page_width) - p.given_left, 0, p.given_width - 1);
    int row = clamp(index_inside(p.top + y, p.page_height) - p.given_top, 0, p.given_height - 1);
    int first = (row * p.given_width + column) * 3;
    uint red = byte_at(first);
    uint green = byte_at(first + 1);
    uint blue = byte_at(first + 2);

    int target = y * p.width + x;
    const float unit = 1.f / 255.f;
    buffer_st1(planes, target, afp(float(red) * unit));
    buffer_st1(planes, target + p.plane_step, afp(float(green) * unit));
    buffer_st1(planes, target + 2 * p.plane_step, afp(float(blue) * unit));

    // An old value read here costs an atomic operation too many, no more; without the question there are millions.
    uint peak = max(red, max(green, blue));
    if (peak > status[1]) atomicMax(status[1], peak);
}
)glsl";

/** Planes to rounded and clamped 8-bit pixels. One invocation is four pixels of a row, three words. */
constexpr const char kPack[] = R"glsl(#version 450

layout(constant_id = 0) const int adds_nearest = 0;
layout(constant_id = 1) const int scale = 1;
layout(constant_id = 2) const int consumed = 0;

layout(binding = 0) readonly buffer planes_blob { sfp planes[]; };
layout(binding = 1) readonly buffer input_blob { sfp source[]; };
layout(binding = 2) writeonly buffer pixels_blob { uint pixels[]; };
layout(binding = 3) buffer status_blob { uint status[]; };

layout(push_constant) uniform parameter
{
    int width;
    int height;
    int row_words;
    int crop_left;
    int crop_top;
    int plane_width;
    int plane_step;
    int source_width;
    int source_step;
} p;

bool is_invalid(float value)
{
    return (floatBitsToUint(value) & 0x7f800000u) == 0x7f800000u;
}

void main()
{
    int quad = int(gl_GlobalInvocationID.x);
    int y = int(gl_GlobalInvocationID.y);
    if (quad * 4 >= p.width || y >= p.height) return;

    uint bytes[12];
    uint peak = 0u;
    bool invalid = false;
    for (int i = 0; i < 4; i++)
    {
        int column = min(quad * 4 + i, p.width - 1) + p.crop_left;
        int row = y + p.crop_top;
        for (int c = 0; c < 3; c++)
        {
            float value = float(buffer_ld1(planes, c * p.plane_step + row * p.plane_width + column));
            if (adds_nearest == 1)
            {
                int under = (row / scale + consumed) * p.source_width + column / scale + consumed;
                value += float(buffer_ld1(source, c * p.source_step + under));
            }
            invalid = invalid || is_invalid(value);
            uint level = uint(clamp(value * 255.f + 0.5f, 0.f, 255.f));
            peak = max(peak, level);
            bytes[i * 3 + c] = level;
        }
    }
    for (int i = 0; i < 3; i++)
    {
        pixels[y * p.row_words + quad * 3 + i] = bytes[i * 4] | (bytes[i * 4 + 1] << 8) | (bytes[i * 4 + 2] << 16) |
                                                 (bytes[i * 4 + 3] << 24);
    }
    if (invalid) atomicOr(status[0], 1u);
    if (peak > status[2]) atomicMax(status[2], peak);
}
)glsl";

/**
 * Sum of a rectangle of each plane. One workgroup of 128 invocations is one plane, or four that are packed
 * together: what follows the version line and a definition of PACK as 1 or 4.
 */
constexpr const char kSum[] = R"glsl(
#if PACK == 4
layout(binding = 0) readonly buffer planes_blob { sfpvec4 planes[]; };
#else
layout(binding = 0) readonly buffer planes_blob { sfp planes[]; };
#endif
layout(binding = 1) writeonly buffer sums_blob { float sums[]; };

layout(push_constant) uniform parameter
{
    int left;
    int top;
    int width;
    int height;
    int plane_width;
    int plane_step;
} p;

shared vec4 partial[128];

void main()
{
    int lane = int(gl_LocalInvocationID.x);
    int plane = int(gl_GlobalInvocationID.y);
    vec4 sum = vec4(0.f);
    for (int y = 0; y < p.height; y++)
    {
        // Rows are added up on their own first: a single sum of millions of values would lose the small ones.
        vec4 of_row = vec4(0.f);
        for (int x = lane; x < p.width; x += 128)
        {
            int index = plane * p.plane_step + (p.top + y) * p.plane_width + p.left + x;
#if PACK == 4
            of_row += vec4(buffer_ld4(planes, index));
#else
            of_row.x += float(buffer_ld1(planes, index));
#endif
        }
        sum += of_row;
    }
    partial[lane] = sum;
    barrier();
    for (int stride = 64; stride > 0; stride >>= 1)
    {
        if (lane < stride) partial[lane] += partial[lane + stride];
        barrier();
    }
    if (lane > 0) return;
#if PACK == 4
    for (int i = 0; i < 4; i++) sums[plane * 4 + i] = partial[0][i];
#else
    sums[plane] = partial[0].x;
#endif
}
)glsl";

}  // namespace bdreader::shaders
