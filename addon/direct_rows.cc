#include "direct_rows.h"

#include <algorithm>
#include <cstring>

namespace bdreader {

namespace {

/** Half of a second cache of 1 MiB. */
constexpr size_t kCachedFloats = 128 * 1024;

/** Pixels side by side in a row of the target. */
struct Span {
    int y;
    int begin;
    int count;
};

size_t size(int length) {
    return static_cast<size_t>(length);
}

/** Source pixels in a row that a span needs. */
int patchWidth(const DirectShape& shape, int pixels) {
    return (pixels - 1) * shape.stride + shape.kernel.width;
}

/** Copies what a span needs of the source, with zeros where that is outside. */
DirectSource copyPatch(const DirectWork& work, const Span& span, float* patch) {
    const DirectShape& shape = work.shape;
    const ncnn::Mat& source = work.source;
    const int width = patchWidth(shape, span.count);
    const int left = span.begin * shape.stride - shape.padLeft;
    const int top = span.y * shape.stride - shape.padTop;
    const int begin = std::clamp(-left, 0, width);
    const int end = std::clamp(source.w - left, begin, width);
    const size_t pack = size(shape.pack);
    float* to = patch;
    for (int block = 0; block < source.c; block++) {
        const float* const plane = source.channel(block);
        for (int y = top; y < top + shape.kernel.height; y++, to += size(width) * pack) {
            const bool isInside = y >= 0 && y < source.h && begin < end;
            const int first = isInside ? begin : width;
            const int past = isInside ? end : width;
            std::fill_n(to, size(first) * pack, 0.f);
            std::fill(to + size(past) * pack, to + size(width) * pack, 0.f);
            if (!isInside) continue;
            const size_t from = size(y) * size(source.w) + size(left + begin);
            std::memcpy(to + size(begin) * pack, plane + from * pack,
                        size(end - begin) * pack * sizeof(float));
        }
    }
    const size_t row = size(width) * pack;
    return {patch,
            row,
            row * size(shape.kernel.height),
            source.c,
            shape.kernel.height,
            size(shape.kernel.width) * pack};
}

DirectSource sourceOf(const DirectWork& work, const Span& span, float* patch) {
    const DirectShape& shape = work.shape;
    const ncnn::Mat& source = work.source;
    const int left = span.begin * shape.stride - shape.padLeft;
    const int top = span.y * shape.stride - shape.padTop;
    if (left < 0 || left + patchWidth(shape, span.count) > source.w || top < 0 ||
        top + shape.kernel.height > source.h) {
        return copyPatch(work, span, patch);
    }
    const size_t pack = size(shape.pack);
    const float* const plane = source;
    return {plane + (size(top) * size(source.w) + size(left)) * pack,
            size(source.w) * pack,
            source.cstep * pack,
            source.c,
            shape.kernel.height,
            size(shape.kernel.width) * pack};
}

/** @return how many groups of vectors have weights that stay in the second cache from span to span */
size_t groupsInCache(const DirectShape& shape, size_t width) {
    const size_t floats = size(kMostDirectVectors) * width * size(shape.inputs) * size(shape.taps());
    return std::max<size_t>(1, kCachedFloats / floats);
}

/** @return the same of the vectors that follow these */
DirectWeights after(const DirectWeights& weights, const DirectShape& shape, size_t channels) {
    return {weights.factors + channels * size(shape.inputs) * size(shape.taps()), weights.bias + channels,
            weights.slopes + channels};
}

}  // namespace

size_t patchFloats(const DirectWork& work) {
    const DirectShape& shape = work.shape;
    if (std::max({shape.padLeft, shape.padRight, shape.padTop, shape.padBottom}) == 0) return 0;
    return size(patchWidth(shape, work.kernels.mostPixels)) * size(shape.kernel.height) * size(shape.inputs);
}

void convolveRow(const DirectWork& work, int y, float* patch) {
    const DirectKernels& kernels = work.kernels;
    const ncnn::Mat& target = work.target;
    const size_t width = size(kernels.width);
    const size_t vectorStep = target.cstep * width;
    // As equal as they can be: kernels of few pixels are slow.
    const int spans = (target.w + kernels.mostPixels - 1) / kernels.mostPixels;
    const std::vector<int> groups = directGroups(work.shape, kernels.width);
    const size_t groupsTogether = groupsInCache(work.shape, width);
    DirectWeights weights = work.weights;
    float* row = static_cast<float*>(target.data) + size(y) * size(target.w) * width;
    for (size_t first = 0; first < groups.size(); first += groupsTogether) {
        const size_t past = std::min(groups.size(), first + groupsTogether);
        DirectWeights next = weights;
        for (int span = 0; span < spans; span++) {
            const int begin = target.w * span / spans;
            const int count = target.w * (span + 1) / spans - begin;
            const DirectSource source = sourceOf(work, {y, begin, count}, patch);
            next = weights;
            float* pixels = row + size(begin) * width;
            for (size_t group = first; group < past; group++) {
                const size_t vectors = size(groups[group]);
                kernels.at(work.shape.layout, groups[group], count)(source, next, {pixels, vectorStep});
                next = after(next, work.shape, vectors * width);
                pixels += vectors * vectorStep;
            }
        }
        weights = next;
        row += groupsTogether * size(kMostDirectVectors) * vectorStep;
    }
}

}  // namespace bdreader
