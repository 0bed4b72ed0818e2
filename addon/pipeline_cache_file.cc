#include "pipeline_cache_file.h"

#include <ncnn/pipelinecache.h>

#include <utility>
#include <vector>

namespace bdreader {

PipelineCacheFile::PipelineCacheFile(const ncnn::VulkanDevice* device, std::string path)
    : cache_(device->get_pipeline_cache()), path_(std::move(path)) {}

void PipelineCacheFile::load() {
    if (path_.empty()) return;
    if (cache_->load_cache(path_.c_str()) != 0) return;
    std::vector<unsigned char> data;
    if (cache_->save_cache(data) == 0) loadedBytes_ = data.size();
}

void PipelineCacheFile::saveIfGrown() const {
    if (path_.empty()) return;
    std::vector<unsigned char> data;
    if (cache_->save_cache(data) != 0 || data.size() == loadedBytes_) return;
    static_cast<void>(cache_->save_cache(path_.c_str()));
}

}  // namespace bdreader
