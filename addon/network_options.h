#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "global_pools.h"
#include "tile_task.h"

namespace bdreader {

/** Whether 3x3 convolutions run as one shader of this addon instead of ncnn's. */
enum class FusedConvolution {
    kOff,
    /** On matrix units. */
    kCooperative,
    /** For tests: the same steps with ordinary arithmetic, on devices without matrix units. */
    kPlain
};

/** How numbers are stored and multiplied; what a device lacks is left out. */
struct Arithmetic {
    /** Halves memory traffic on a GPU; sums stay fp32. The CPU always computes in fp32. */
    bool fp16Storage = false;
    /** Sums in fp16 as well; needs fp16 storage. */
    bool fp16Arithmetic = false;
    bool winograd = true;
    bool cooperativeMatrix = true;
    /** On the CPU: convolutions that sum all products in order, faster than Winograd's where there are
     * kernels. */
    bool directConvolution = false;
    /** Needs fp16 storage. */
    FusedConvolution fusedConvolution = FusedConvolution::kOff;
};

/** Everything that is needed to load one model onto one device. */
struct NetworkOptions {
    std::string paramPath;
    std::string binPath;
    std::string inputBlob;
    std::string outputBlob;
    std::vector<GlobalPool> globalPools;
    PageGeometry geometry;
    /** Vulkan index, or -1 for the CPU. */
    int deviceIndex = -1;
    Arithmetic arithmetic;
    /** CPU threads of one tile. */
    int threads = 1;
    /** Device memory that tensors may take, 0 for no limit but the device's. */
    size_t maxMemoryBytes = 0;
    /** File that keeps compiled shaders between runs; empty for none. */
    std::string pipelineCachePath;
    /** For tests: the number of the submission that fails as if the device were lost, 0 for none. */
    int loseDeviceAfter = 0;
};

/** @return what the network is given of the page for a tile, in input pixels */
inline Rect regionOf(const TileTask& task, const PageGeometry& geometry) {
    return grow({task.core.x, task.core.y, task.computed.width, task.computed.height}, geometry.context);
}

/** @return size of what the network makes of a region */
inline Size outputSizeOf(Rect region, const PageGeometry& geometry) {
    return {(region.width - 2 * geometry.consumed) * geometry.scale,
            (region.height - 2 * geometry.consumed) * geometry.scale};
}

/** @return columns and rows of the network's output that are context only, on the left and on the top */
inline Size cropOf(const PageGeometry& geometry) {
    const int crop = (geometry.context - geometry.consumed) * geometry.scale;
    return {crop, crop};
}

/** @return where a tile's output goes, in output pixels */
inline Rect targetOf(Rect core, int scale) {
    return {core.x * scale, core.y * scale, core.width * scale, core.height * scale};
}

}  // namespace bdreader
