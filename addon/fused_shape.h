#pragma once

#include <ncnn/paramdict.h>

#include <optional>

#include "tiling.h"

namespace bdreader {

/** Channels that a matrix unit takes at once. */
constexpr int kFusedBlock = 16;
/** Channels that ncnn packs together. */
constexpr int kFusedPack = 4;

/**
 * A convolution or deconvolution as the fused shader computes it: as a convolution with stride 1 over a grid
 * of the source's pixels. A deconvolution with stride 2 makes the four pixels that belong to a place of the
 * grid as channels of one.
 */
struct FusedShape {
    /** Channels of the layer's source and target. */
    int inputs = 0;
    int outputs = 0;
    /** Places of the grid that a result needs, on either side. */
    int kernel = 3;
    /** Pixels of the target that belong to a place of the grid, on either side. */
    int spread = 1;
    /** Zeros around the source; rows and columns that the target lacks on the left and the top. */
    int pad = 0;
    int cut = 0;
    bool hasBias = false;
    /** What negative sums are multiplied with: 1 without an activation, 0 for ReLU. */
    float slope = 1;

    /** Side of the layer's own kernel. */
    int side() const { return kernel * spread; }
    int weights() const { return inputs * outputs * side() * side(); }
    int taps() const { return kernel * kernel; }
    int targetPixels() const { return spread * spread; }
    /** As ncnn does, with all channels of a pixel after another where they cannot be packed. */
    bool packsTarget() const { return outputs % kFusedPack == 0; }

    /** Blocks of source channels, filled up with zeros. */
    int sourceBlocks() const { return (inputs + kFusedBlock - 1) / kFusedBlock; }
    /** Of these, what is read into shared memory at once: two where that leaves no rest. */
    int blocksIn() const { return sourceBlocks() % 2 == 0 ? 2 : 1; }
    /** Workgroups that share the results of a place; more than 64 would take too many registers. */
    int groups() const { return packsTarget() ? spread * channelGroups() : 1; }
    /** Blocks of results that a workgroup computes: of pixels side by side, one after the other. */
    int blocksOut() const { return packsTarget() ? spread * blocksPerTargetPixel() : 1; }

    /** @return which of a workgroup's results belong to which channel of which pixel */
    struct Result {
        int channel, x, y;
    };
    /** @return what the result of this number is; nothing where there is none */
    std::optional<Result> resultAt(int group, int number) const;

    /** @return places of the grid that make a target of this size */
    Size gridOf(Size target) const {
        return {(target.width + cut + spread - 1) / spread, (target.height + cut + spread - 1) / spread};
    }
    Size targetOf(Size source) const;

  private:
    int channelGroups() const;
    int blocksPerTargetPixel() const;
};

/**
 * @param typeIndex of ncnn's layer
 * @param params of it
 * @return the layer as the shader computes it; nothing unless it is a convolution of 3x3 with stride 1, or a
 * deconvolution of 2x2 or 4x4 with stride 2, of channels and with an activation that the shader takes
 */
std::optional<FusedShape> fusedShapeOf(int typeIndex, const ncnn::ParamDict& params);

}  // namespace bdreader
