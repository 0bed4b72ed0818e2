#include "shader_cache_file.h"

#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

namespace bdreader {

namespace {

/** Changes with the format. */
constexpr uint64_t kMagic = 0x31'56'52'53'44'42'0a'0dULL;
constexpr size_t kMostBytes = size_t{1} << 20;
constexpr uint32_t kSpirvMagic = 0x07230203;
constexpr uint64_t kFnvOffset = 14695981039346656037ULL;
constexpr uint64_t kFnvPrime = 1099511628211ULL;

uint64_t digest(const char* bytes, size_t count) {
    uint64_t hash = kFnvOffset;
    for (size_t i = 0; i < count; i++) hash = (hash ^ static_cast<uint8_t>(bytes[i])) * kFnvPrime;
    return hash;
}

void append(std::string& out, uint64_t value) {
    out.append(static_cast<const char*>(static_cast<const void*>(&value)), sizeof value);
}

/** Takes eight bytes off the front. @return false when there are not as many */
bool take(const std::string& text, size_t& offset, uint64_t& value) {
    if (text.size() - offset < sizeof value) return false;
    std::memcpy(&value, text.data() + offset, sizeof value);
    offset += sizeof value;
    return true;
}

std::string readWhole(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text;
    if (file) text.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    return text.size() <= kMostBytes ? text : std::string();
}

/** @return nothing at all unless every byte is as it was written: drivers trust what they are given */
std::map<uint64_t, ShaderCacheFile::Words> parse(const std::string& text) {
    std::map<uint64_t, ShaderCacheFile::Words> shaders;
    size_t offset = 0;
    uint64_t magic = 0;
    uint64_t expected = 0;
    if (!take(text, offset, magic) || !take(text, offset, expected) || magic != kMagic) return {};
    if (digest(text.data() + offset, text.size() - offset) != expected) return {};
    while (offset < text.size()) {
        uint64_t key = 0;
        uint64_t count = 0;
        if (!take(text, offset, key) || !take(text, offset, count)) return {};
        if (count == 0 || count > (text.size() - offset) / sizeof(uint32_t)) return {};
        ShaderCacheFile::Words words(count);
        std::memcpy(words.data(), text.data() + offset, count * sizeof(uint32_t));
        if (words[0] != kSpirvMagic) return {};
        offset += count * sizeof(uint32_t);
        shaders[key] = std::move(words);
    }
    return shaders;
}

}  // namespace

ShaderCacheFile::ShaderCacheFile(std::string path) : path_(std::move(path)) {
    if (!path_.empty()) shaders_ = parse(readWhole(path_));
}

const ShaderCacheFile::Words* ShaderCacheFile::find(uint64_t key) const {
    const auto found = shaders_.find(key);
    return found == shaders_.end() ? nullptr : &found->second;
}

void ShaderCacheFile::add(uint64_t key, Words words) {
    shaders_[key] = std::move(words);
    isGrown_ = true;
}

void ShaderCacheFile::saveIfGrown() const {
    if (path_.empty() || !isGrown_) return;
    std::string body;
    for (const auto& [key, words] : shaders_) {
        append(body, key);
        append(body, words.size());
        body.append(static_cast<const char*>(static_cast<const void*>(words.data())),
                    words.size() * sizeof(uint32_t));
    }
    std::string text;
    append(text, kMagic);
    append(text, digest(body.data(), body.size()));
    text += body;
    const std::string temporary = path_ + ".tmp-" + std::to_string(getpid());
    std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
    file.close();
    if (file.fail() || std::rename(temporary.c_str(), path_.c_str()) != 0) {
        static_cast<void>(std::remove(temporary.c_str()));
    }
}

uint64_t ShaderCacheFile::keyOf(const std::string& text) {
    return digest(text.data(), text.size());
}

}  // namespace bdreader
