#pragma once

#include <ncnn/option.h>
#include <ncnn/pipeline.h>

#include <string>
#include <vector>

#include "shader_cache_file.h"
#include "tile_task.h"

namespace bdreader {

/** Turns the addon's own shaders into pipelines, by way of the file that keeps them. Of one thread. */
class ShaderCompiler {
  public:
    using Constants = std::vector<ncnn::vk_specialization_type>;

    /** @param cachePath file for the compiled shaders of one device and driver; empty for none */
    explicit ShaderCompiler(const std::string& cachePath) : cache_(cachePath) {}

    /**
     * @param option as the network was loaded with: it decides how numbers are stored
     * @param workgroup invocations in x and y
     * @throws Failure kInternal when the shader does not compile or the driver refuses it
     */
    void compile(ncnn::Pipeline& pipeline, const std::string& source, const ncnn::Option& option,
                 Size workgroup, const Constants& constants);

    void saveIfGrown() const { cache_.saveIfGrown(); }

  private:
    ShaderCacheFile cache_;
};

/**
 * @return the shader as SPIR-V
 * @throws Failure kInternal when it does not compile
 */
ShaderCacheFile::Words compileShader(const std::string& source, const ncnn::Option& option);

}  // namespace bdreader
