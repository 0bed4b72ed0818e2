#include "observe_arguments.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "js_options.h"
#include "tile_task.h"

namespace bdreader {

namespace {

/** Every blob of the network stays in memory: a few hundred pixels a side are enough to calibrate with. */
constexpr int kLongestSide = 2048;
constexpr uint32_t kMostBlobs = 4096;
constexpr int kMostBins = 1 << 16;
constexpr double kLargestLimit = 1e30;

std::vector<BlobQuery> queriesOf(const Napi::Object& options) {
    const Napi::Value value = options.Get("blobs");
    if (!value.IsArray() || value.As<Napi::Array>().Length() > kMostBlobs) {
        reject(options.Env(), "blobs", "an array of at most " + std::to_string(kMostBlobs), value);
    }
    const Napi::Array list = value.As<Napi::Array>();
    std::vector<BlobQuery> queries;
    for (uint32_t i = 0; i < list.Length(); i++) {
        const Napi::Value item = list.Get(i);
        if (!item.IsObject()) reject(options.Env(), "blobs", "objects", item);
        const Napi::Object fields = item.As<Napi::Object>();
        queries.push_back(
            {text(fields, "name"), static_cast<float>(number(fields, "limit", 0, kLargestLimit))});
    }
    return queries;
}

}  // namespace

ObserveArguments parseObserveArguments(const Napi::Object& options) {
    ObserveArguments arguments;
    arguments.size = {integer(options, "width", 1, kLongestSide),
                      integer(options, "height", 1, kLongestSide)};
    const size_t length =
        static_cast<size_t>(arguments.size.width) * static_cast<size_t>(arguments.size.height) * kChannels;
    const Napi::Uint8Array pixels = bytes(options, "input", length);
    arguments.pixels.assign(pixels.Data(), pixels.Data() + length);
    arguments.queries = queriesOf(options);
    arguments.bins = static_cast<uint32_t>(integer(options, "bins", 1, kMostBins));
    return arguments;
}

Napi::Value toJs(Napi::Env env, const std::vector<BlobStatistics>& observed) {
    Napi::Array list = Napi::Array::New(env, observed.size());
    for (uint32_t i = 0; i < observed.size(); i++) {
        const std::vector<uint32_t>& counts = observed[i].counts;
        Napi::Uint32Array copied = Napi::Uint32Array::New(env, counts.size());
        std::copy(counts.begin(), counts.end(), copied.Data());
        Napi::Object object = Napi::Object::New(env);
        object.Set("peak", Napi::Number::New(env, static_cast<double>(observed[i].peak)));
        object.Set("counts", copied);
        list.Set(i, object);
    }
    return list;
}

}  // namespace bdreader
