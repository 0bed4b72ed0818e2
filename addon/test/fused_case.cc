#include "fused_case.h"

#include <ncnn/gpu.h>

#include <algorithm>

#include "../fused_convolution.h"
#include "../network.h"
#include "engine_fixture.h"
#include "machine.h"

namespace bdreader::test {

NetworkOptions fused(NetworkOptions options, FusedConvolution mode) {
    options.deviceIndex = vulkanDevice();
    const ncnn::VulkanDevice* device = ncnn::get_gpu_device(options.deviceIndex);
    if (!device || !canFuseConvolutions(device->info, mode)) {
        throw Skipped("the Vulkan device lacks what the shader needs");
    }
    options.arithmetic.fp16Storage = true;
    options.arithmetic.winograd = false;
    options.arithmetic.fusedConvolution = mode;
    return options;
}

void expectLikeCpu(FusedConvolution mode, const NetworkOptions& options, int fusable,
                   const std::vector<Size>& sizes) {
    EngineFixture onCpu(options);
    EngineFixture onVulkan(fused(options, mode));
    EXPECT_EQUAL(onVulkan.engine().network()->fusedConvolutions(), fusable);
    EXPECT_EQUAL(onCpu.engine().network()->fusedConvolutions(), 0);
    for (const Size size : sizes) {
        const Image page = noise(size, 1);
        const Image expected = onCpu.upscale(page, kWhole);
        const auto [least, most] = std::minmax_element(expected.bytes.begin(), expected.bytes.end());
        // All of one colour would be equal whatever is computed.
        EXPECT(*most - *least > 64 || size.width * size.height < 16);
        EXPECT_EQUAL(std::max(1, largestDifference(onVulkan.upscale(page, kWhole), expected)), 1);
    }
}

}  // namespace bdreader::test
