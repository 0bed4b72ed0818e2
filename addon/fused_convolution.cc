#include "fused_convolution.h"

#include <algorithm>

#include "fused_shader.h"
#include "fused_tile_shader.h"

namespace bdreader {

namespace {

/** Of the largest tile that the shader declares: two blocks of input channels, see there. */
constexpr uint32_t kSharedBytes = (shaders::kFusedColumns + 2) * (shaders::kFusedRows + 2) * 5 * 16;

bool hasMatrixUnits(const ncnn::GpuInfo& info) {
    // Of the older NVIDIA extension, too, ncnn says that it has these matrices, but the shader is for the
    // common one.
    return info.support_VK_KHR_cooperative_matrix() != 0 && info.support_cooperative_matrix_16_16_16() &&
           info.min_subgroup_size() <= shaders::kFusedSubgroupSize &&
           info.max_subgroup_size() >= shaders::kFusedSubgroupSize;
}

void define(std::string& source, const char* name, int value) {
    source += std::string("#define ") + name + " " + std::to_string(value) + "\n";
}

}  // namespace

bool canFuseConvolutions(const ncnn::GpuInfo& info, FusedConvolution mode) {
    constexpr uint32_t invocations = shaders::kFusedSubgroups * shaders::kFusedSubgroupSize;
    if (mode == FusedConvolution::kOff || !info.support_fp16_storage()) return false;
    if (mode == FusedConvolution::kCooperative && !hasMatrixUnits(info)) return false;
    return info.max_shared_memory_size() >= kSharedBytes && info.max_workgroup_size_x() >= invocations &&
           info.max_workgroup_invocations() >= invocations;
}

std::string fusedSource(FusedConvolution mode, const FusedShape& shape, const FusedExtras& extras) {
    std::string source = "#version 450\n";
    define(source, "COOPERATIVE", mode == FusedConvolution::kCooperative ? 1 : 0);
    define(source, "KERNEL", shape.kernel);
    define(source, "SPREAD", shape.spread);
    define(source, "BLOCKS_IN", shape.blocksIn());
    define(source, "BLOCKS_OUT", shape.blocksOut());
    define(source, "PACKED", shape.packsTarget() ? 1 : 0);
    if (!shape.packsTarget()) define(source, "CHANNELS", shape.outputs);
    define(source, "SCALED", extras.isScaled ? 1 : 0);
    define(source, "ADDED", extras.isAdded ? 1 : 0);
    define(source, "ROWS", shaders::kFusedRowsPerSubgroup);
    define(source, "SUBGROUPS", shaders::kFusedSubgroups);
    return source + shaders::kFusedTile + shaders::kFusedProduct;
}

}  // namespace bdreader
