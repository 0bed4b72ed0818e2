#include "shader_compiler.h"

#include <ncnn/gpu.h>

#include "failure.h"

namespace bdreader {

ShaderCacheFile::Words compileShader(const std::string& source, const ncnn::Option& option) {
    ShaderCacheFile::Words compiled;
    const int status =
        ncnn::compile_spirv_module(source.c_str(), static_cast<int>(source.size()), option, compiled);
    if (status != 0) {
        throw Failure(FailureCode::kInternal, "compiling a shader returned " + std::to_string(status));
    }
    return compiled;
}

void ShaderCompiler::compile(ncnn::Pipeline& pipeline, const std::string& source, const ncnn::Option& option,
                             Size workgroup, const Constants& constants) {
    // The file belongs to one device and driver; what of the options changes a shader is how it stores
    // numbers.
    const uint64_t key = ShaderCacheFile::keyOf(source + (option.use_fp16_storage ? "fp16" : "fp32") +
                                                (option.use_fp16_arithmetic ? "sums" : ""));
    if (!cache_.find(key)) cache_.add(key, compileShader(source, option));
    const ShaderCacheFile::Words& words = *cache_.find(key);
    pipeline.set_local_size_xyz(workgroup.width, workgroup.height, 1);
    const int status = pipeline.create(words.data(), words.size() * sizeof(uint32_t), constants);
    if (status != 0) {
        throw Failure(FailureCode::kInternal,
                      "making a pipeline of a shader returned " + std::to_string(status));
    }
}

}  // namespace bdreader
