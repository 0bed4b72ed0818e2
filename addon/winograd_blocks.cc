#include "winograd_blocks.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "winograd_kernels.h"

namespace bdreader {

namespace {

/** At least so few that their numbers stay in the second cache, with weights of 64 x 64 channels in 1 MiB. */
constexpr int kMostBlocksTogether = 14;
/** One cache line: else all 36 steps could fall on a few sets of the first cache. */
constexpr size_t kApart = 16;
/** Of the channels whose products one kernel sums: no bias yet, and no activation. */
constexpr int kMostChannelsTogether = 32;
constexpr std::array<float, kMostChannelsTogether> kNoBias{};
const std::array<float, kMostChannelsTogether> kNoActivation = [] {
    std::array<float, kMostChannelsTogether> slopes{};
    slopes.fill(1.f);
    return slopes;
}();

size_t size(int length) {
    return static_cast<size_t>(length);
}

/** How blocks divide the target, and where a batch's numbers lie. */
struct Plan {
    int across;
    int down;
    /** Most blocks of a batch. */
    int most;
    /** Floats from one of the 36 products to the next: of transformed pixels, and of sums. */
    size_t inputStep;
    size_t sumStep;
};

Plan planOf(const DirectWork& work) {
    const auto along = [](int length) { return (length + kWinogradBlock - 1) / kWinogradBlock; };
    const DirectShape& shape = work.shape;
    const int pixels = work.kernels.mostPixels;
    const int most = kMostBlocksTogether / pixels * pixels;
    const size_t together = size(std::min(shape.outputs, kMostDirectVectors * work.kernels.width));
    return {along(work.target.w), along(work.target.h), most, size(most) * size(shape.inputs) + kApart,
            size(most) * together + kApart};
}

/** What lies one after another in the room of a thread. */
struct Room {
    float* input;
    float* sums;
    float* patch;
};

size_t patchFloatsOf(const DirectWork& work) {
    return size(kWinogradProducts) * size(work.kernels.width);
}

Room divide(const Plan& plan, float* room) {
    float* const sums = room + plan.inputStep * kWinogradProducts;
    return {room, sums, sums + plan.sumStep * kWinogradProducts};
}

/** Copies the source pixels of a block that reaches over the edge, with zeros where that is outside. */
void copyPatch(const DirectWork& work, const float* plane, int left, int top, float* patch) {
    const size_t pack = size(work.kernels.width);
    const ncnn::Mat& source = work.source;
    const int begin = std::clamp(-left, 0, kWinogradSide);
    const int end = std::clamp(source.w - left, begin, kWinogradSide);
    std::fill_n(patch, patchFloatsOf(work), 0.f);
    for (int row = 0; row < kWinogradSide; row++) {
        const int y = top + row;
        if (y < 0 || y >= source.h || begin == end) continue;
        const float* const from = plane + (size(y) * size(source.w) + size(left + begin)) * pack;
        std::memcpy(patch + size(row * kWinogradSide + begin) * pack, from,
                    size(end - begin) * pack * sizeof(float));
    }
}

void transformSource(const DirectWork& work, const Plan& plan, int block, float* to, float* patch) {
    const size_t pack = size(work.kernels.width);
    const ncnn::Mat& source = work.source;
    const int left = block % plan.across * kWinogradBlock - work.shape.padLeft;
    const int top = block / plan.across * kWinogradBlock - work.shape.padTop;
    const bool isInside =
        left >= 0 && left + kWinogradSide <= source.w && top >= 0 && top + kWinogradSide <= source.h;
    for (int c = 0; c < source.c; c++, to += size(plan.most) * pack) {
        const float* const plane = source.channel(c);
        if (isInside) {
            const float* const from = plane + (size(top) * size(source.w) + size(left)) * pack;
            work.kernels.transformInput(from, size(source.w) * pack, to, plan.inputStep);
        } else {
            copyPatch(work, plane, left, top, patch);
            work.kernels.transformInput(patch, kWinogradSide * pack, to, plan.inputStep);
        }
    }
}

/** Multiplies transformed pixels of all blocks with the weights of a group of target channels. */
void multiply(const DirectWork& work, const Plan& plan, int vectors, int blocks, const float* factors,
              const Room& room) {
    const DirectKernels& kernels = work.kernels;
    const size_t width = size(kernels.width);
    const int spans = (blocks + kernels.mostPixels - 1) / kernels.mostPixels;
    for (size_t product = 0; product < kWinogradProducts; product++) {
        for (int span = 0; span < spans; span++) {
            const int begin = blocks * span / spans;
            const int count = blocks * (span + 1) / spans - begin;
            // As a convolution of 1x1, whose pixels the blocks are.
            const DirectSource source{room.input + product * plan.inputStep + size(begin) * width,
                                      0,
                                      size(plan.most) * width,
                                      work.source.c,
                                      1,
                                      width};
            kernels.at(DirectLayout::kPacked, vectors, count)(
                source, {factors, kNoBias.data(), kNoActivation.data()},
                {room.sums + product * plan.sumStep + size(begin) * width, size(plan.most) * width});
        }
        factors += size(work.shape.inputs) * size(vectors) * width;
    }
}

void transformBack(const DirectWork& work, const Plan& plan, int vector, int block, const float* sums) {
    const size_t width = size(work.kernels.width);
    ncnn::Mat& target = work.target;
    const int left = block % plan.across * kWinogradBlock;
    const int top = block / plan.across * kWinogradBlock;
    float* const plane = target.channel(vector);
    const size_t first = size(vector) * width;
    work.kernels.transformOutput(
        sums, plan.sumStep,
        {plane + (size(top) * size(target.w) + size(left)) * width, size(target.w) * width,
         std::min(kWinogradBlock, target.w - left), std::min(kWinogradBlock, target.h - top),
         work.weights.bias + first, work.weights.slopes + first});
}

}  // namespace

int winogradBatches(const DirectWork& work) {
    const Plan plan = planOf(work);
    return (plan.across * plan.down + plan.most - 1) / plan.most;
}

size_t winogradRoomFloats(const DirectWork& work) {
    const Plan plan = planOf(work);
    return (plan.inputStep + plan.sumStep) * kWinogradProducts + patchFloatsOf(work);
}

void convolveBatch(const DirectWork& work, int batch, float* floats) {
    const Plan plan = planOf(work);
    const Room room = divide(plan, floats);
    const size_t width = size(work.kernels.width);
    const int first = batch * plan.most;
    const int blocks = std::min(plan.most, plan.across * plan.down - first);
    for (int i = 0; i < blocks; i++) {
        transformSource(work, plan, first + i, room.input + size(i) * width, room.patch);
    }
    const float* factors = work.weights.factors;
    int vector = 0;
    for (const int vectors : directGroups(work.shape, work.kernels.width)) {
        multiply(work, plan, vectors, blocks, factors, room);
        for (int v = 0; v < vectors; v++, vector++) {
            const float* const sums = room.sums + size(v * plan.most) * width;
            for (int i = 0; i < blocks; i++) {
                transformBack(work, plan, vector, first + i, sums + size(i) * width);
            }
        }
        factors += size(vectors) * width * size(work.shape.inputs) * kWinogradProducts;
    }
}

}  // namespace bdreader
