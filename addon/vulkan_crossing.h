#pragma once

#include <ncnn/command.h>
#include <ncnn/gpu.h>
#include <ncnn/pipeline.h>

#include "network_options.h"
#include "shader_compiler.h"
#include "tile_task.h"

namespace bdreader {

/**
 * The shaders between 8-bit pixels and a network's tensors. Pixels cross the bus as bytes; floats never do.
 *
 * Made once for a network; any thread may record with it.
 */
class VulkanCrossing {
  public:
    /**
     * @param option as the network was loaded with: it decides how numbers are stored
     * @param compiler needed here only
     * @throws Failure kInternal when a shader does not compile
     */
    VulkanCrossing(const ncnn::VulkanDevice* device, const ncnn::Option& option, const PageGeometry& geometry,
                   ShaderCompiler& compiler);

    /** Bytes of one number on the device. */
    size_t numberSize() const { return numberSize_; }

    /**
     * @param pixels rows of `given`, without gaps
     * @param given part of the page that `pixels` holds
     * @param region part that the network is to see; may reach out of the page
     * @param planes three planes of the region's size
     */
    void recordUnpack(ncnn::VkCompute& command, const ncnn::VkMat& pixels, Rect given, Rect region, Size page,
                      const ncnn::VkMat& planes, const ncnn::VkMat& status) const;

    /**
     * @param planes what the network gave
     * @param input what the network was given
     * @param pixels words, `rowWords(size.width)` a row
     */
    void recordPack(ncnn::VkCompute& command, const ncnn::VkMat& planes, const ncnn::VkMat& input, Size size,
                    const ncnn::VkMat& pixels, const ncnn::VkMat& status) const;

    /** @param sums one float a channel */
    void recordSum(ncnn::VkCompute& command, const ncnn::VkMat& planes, Rect share,
                   const ncnn::VkMat& sums) const;

    /** @return words that a row of packed pixels takes: four pixels are three words */
    static int rowWords(int width) { return (width + 3) / 4 * 3; }

  private:
    const PageGeometry geometry_;
    const size_t numberSize_;
    ncnn::Pipeline unpack_;
    ncnn::Pipeline pack_;
    ncnn::Pipeline sumSingle_;
    ncnn::Pipeline sumPacked_;
};

}  // namespace bdreader
