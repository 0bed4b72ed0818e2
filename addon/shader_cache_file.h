#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace bdreader {

/**
 * Shaders of this addon as SPIR-V, kept between runs beside ncnn's own cache: the compiler takes longer to
 * get ready than all else of a start but the driver. A missing or damaged file costs time only.
 */
class ShaderCacheFile {
  public:
    using Words = std::vector<uint32_t>;

    /** @param path empty for no file; read at once */
    explicit ShaderCacheFile(std::string path);

    /** @return the words kept for a shader, null for none */
    const Words* find(uint64_t key) const;

    void add(uint64_t key, Words words);

    /** Replaces the file atomically if something was added. A folder that cannot be written is ignored. */
    void saveIfGrown() const;

    /** @return a key that differs for every text: FNV-1a over its bytes, see Fowler, Noll and Vo */
    static uint64_t keyOf(const std::string& text);

  private:
    const std::string path_;
    std::map<uint64_t, Words> shaders_;
    bool isGrown_ = false;
};

}  // namespace bdreader
