#pragma once

#include <ncnn/gpu.h>

#include <cstddef>
#include <string>

namespace bdreader {

/**
 * Compiled shaders kept between runs. ncnn checks a file's device, driver, version and digests when it is
 * loaded and replaces it atomically when it is written; whatever goes wrong costs time only.
 */
class PipelineCacheFile {
  public:
    /** @param path empty for no file */
    PipelineCacheFile(const ncnn::VulkanDevice* device, std::string path);

    /** Fills the device's cache; a missing or damaged file is ignored. */
    void load();

    /** Writes what has been compiled since. A folder that cannot be written is ignored: the next start is
     * slower. */
    void saveIfGrown() const;

  private:
    const ncnn::PipelineCache* cache_;
    const std::string path_;
    size_t loadedBytes_ = 0;
};

}  // namespace bdreader
