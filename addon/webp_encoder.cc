#include <napi.h>
#include <webp/encode.h>

#include <memory>
#include <string>

#include "js_options.h"
#include "webp_job.h"

namespace {

using bdreader::WebpJob;
using bdreader::WebpSettings;
using bdreader::WebpSource;

constexpr int kLongestSide = 1 << 17;
constexpr int kMostChannels = 4;
constexpr int kMostThreads = 64;
constexpr int kLargestStride = kLongestSide * kMostChannels;

WebpSource parseSource(const Napi::Object& options) {
    WebpSource source;
    source.width = bdreader::integer(options, "width", 1, kLongestSide);
    source.height = bdreader::integer(options, "height", 1, kLongestSide);
    source.channels = bdreader::integer(options, "channels", 1, kMostChannels);
    if (source.channels == 2)
        bdreader::reject(options.Env(), "channels", "1, 3 or 4", options.Get("channels"));
    const int row = source.width * source.channels;
    source.stride = static_cast<size_t>(bdreader::integer(options, "stride", row, kLargestStride));
    return source;
}

/** @return bytes from the first to the last pixel; what may lie behind the last row is nobody's business */
size_t byteCount(const WebpSource& source) {
    const size_t row = static_cast<size_t>(source.width) * static_cast<size_t>(source.channels);
    return static_cast<size_t>(source.height - 1) * source.stride + row;
}

WebpSettings parseSettings(const Napi::Object& options) {
    WebpSettings settings;
    settings.quality = bdreader::integer(options, "quality", 0, 100);
    settings.effort = bdreader::integer(options, "effort", 0, 6);
    settings.lossless = bdreader::boolean(options, "lossless");
    settings.threads = bdreader::integer(options, "threads", 1, kMostThreads);
    return settings;
}

/** encode(options): {promise, abandon()}. The promise is settled when the pixels are no longer read. */
Napi::Value encode(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    if (info.Length() != 1 || !info[0].IsObject())
        throw Napi::TypeError::New(env, "expected encode(options)");
    const Napi::Object options = info[0].As<Napi::Object>();
    WebpSource source = parseSource(options);
    const Napi::Uint8Array pixels = bdreader::bytes(options, "pixels", byteCount(source));
    source.data = pixels.Data();
    const WebpSettings settings = parseSettings(options);
    auto job = std::make_unique<WebpJob>(env, pixels, source, settings);
    Napi::Object encoding = Napi::Object::New(env);
    encoding.Set("promise", job->promise());
    encoding.Set(
        "abandon",
        Napi::Function::New(
            env, [unwanted = job->unwanted()](const Napi::CallbackInfo&) { *unwanted = true; }, "abandon"));
    job->Queue();
    // It deletes itself.
    static_cast<void>(job.release());
    return encoding;
}

std::string versionText() {
    const int packed = WebPGetEncoderVersion();
    return std::to_string(packed >> 16) + "." + std::to_string((packed >> 8) & 0xff) + "." +
           std::to_string(packed & 0xff);
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
    exports.Set("version", Napi::String::New(env, versionText()));
    exports.Set("encode", Napi::Function::New(env, encode, "encode"));
    return exports;
}

}  // namespace

NODE_API_MODULE(bdreader_webp_encoder, init)
