#include "upscaler_arguments.h"

#include <cmath>
#include <string>

namespace bdreader {

namespace {

constexpr int kLongestSide = 1 << 17;
constexpr int kMostThreads = 1024;
constexpr int kMostLanes = 16;
constexpr int kLargestContext = 4096;

[[noreturn]] void reject(Napi::Env env, const std::string& name, const std::string& expected,
                         const Napi::Value& value) {
    throw Napi::TypeError::New(env, "expected " + expected + " for " + name + ", received " +
                                        value.ToString().Utf8Value().substr(0, 80));
}

int integer(const Napi::Object& options, const char* name, int least, int most) {
    const Napi::Value value = options.Get(name);
    const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : NAN;
    if (!(number >= least && number <= most && std::floor(number) == number)) {
        reject(options.Env(), name,
               "an integer from " + std::to_string(least) + " to " + std::to_string(most), value);
    }
    return static_cast<int>(number);
}

bool boolean(const Napi::Object& options, const char* name) {
    const Napi::Value value = options.Get(name);
    if (!value.IsBoolean()) reject(options.Env(), name, "a boolean", value);
    return value.As<Napi::Boolean>().Value();
}

std::string text(const Napi::Object& options, const char* name) {
    const Napi::Value value = options.Get(name);
    if (!value.IsString()) reject(options.Env(), name, "a string", value);
    return value.As<Napi::String>().Utf8Value();
}

Napi::Uint8Array bytes(const Napi::Object& options, const char* name, size_t length) {
    const Napi::Value value = options.Get(name);
    const bool isBytes =
        value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == napi_uint8_array;
    if (!isBytes || value.As<Napi::Uint8Array>().ByteLength() != length) {
        const std::string size =
            isBytes ? std::to_string(value.As<Napi::Uint8Array>().ByteLength()) + " bytes" : "no Uint8Array";
        throw Napi::TypeError::New(options.Env(), "expected " + std::to_string(length) + " bytes for " +
                                                      name + ", received " + size);
    }
    return value.As<Napi::Uint8Array>();
}

size_t byteCount(Size size) {
    return static_cast<size_t>(size.width) * static_cast<size_t>(size.height) * kChannels;
}

}  // namespace

LoadArguments parseLoadArguments(const Napi::Object& options) {
    LoadArguments arguments;
    NetworkOptions& network = arguments.network;
    network.paramPath = text(options, "paramPath");
    network.binPath = text(options, "binPath");
    network.inputBlob = text(options, "inputBlob");
    network.outputBlob = text(options, "outputBlob");
    network.deviceIndex = integer(options, "deviceIndex", -1, 255);
    network.fp16 = boolean(options, "fp16");
    network.winograd = boolean(options, "winograd");
    network.threads = integer(options, "threads", 1, kMostThreads);
    network.parallelRuns = integer(options, "parallelRuns", 1, kMostThreads);
    PageGeometry& geometry = arguments.geometry;
    geometry.scale = integer(options, "scale", 1, 4);
    geometry.context = integer(options, "context", 0, kLargestContext);
    geometry.consumed = integer(options, "consumed", 0, geometry.context);
    geometry.alignment = integer(options, "alignment", 1, 64);
    geometry.addsNearest = boolean(options, "addsNearest");
    arguments.lanes = integer(options, "lanes", 1, kMostLanes);
    return arguments;
}

SubmitArguments parseSubmitArguments(const Napi::Object& options, int scale) {
    SubmitArguments arguments;
    const Size size{integer(options, "width", 1, kLongestSide), integer(options, "height", 1, kLongestSide)};
    const Size scaled{size.width * scale, size.height * scale};
    arguments.input = bytes(options, "input", byteCount(size));
    arguments.output = bytes(options, "output", byteCount(scaled));
    arguments.job.id = static_cast<uint32_t>(integer(options, "id", 1, INT32_MAX));
    arguments.job.task.input = {arguments.input.Data(), size};
    arguments.job.task.output = {arguments.output.Data(), scaled};
    arguments.job.task.tile = integer(options, "tile", kSmallestTile, kLongestSide);
    return arguments;
}

}  // namespace bdreader
