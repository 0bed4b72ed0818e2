#include "upscaler_arguments.h"

#include <string>

#include "js_options.h"

namespace bdreader {

namespace {

constexpr int kLongestSide = 1 << 17;
constexpr int kMostThreads = 1024;
constexpr int kMostLanes = kMostThreads;
constexpr int kMostMemoryMb = 1 << 24;
constexpr double kLeastDuty = 0.1;
constexpr uint32_t kMostPools = 64;
constexpr int kMostChannels = 1 << 16;
constexpr int kLargestStride = 1 << 10;
constexpr int kLargestContext = 4096;

size_t byteCount(Size size) {
    return static_cast<size_t>(size.width) * static_cast<size_t>(size.height) * kChannels;
}

Edges edgesOf(const Napi::Object& options) {
    const std::string name = text(options, "edges");
    if (name == "mirror") return Edges::kMirror;
    if (name != "replicate") reject(options.Env(), "edges", "mirror or replicate", options.Get("edges"));
    return Edges::kReplicate;
}

FusedConvolution fusedConvolutionOf(const Napi::Object& options) {
    const std::string name = text(options, "fusedConvolution");
    if (name == "cooperative") return FusedConvolution::kCooperative;
    if (name == "plain") return FusedConvolution::kPlain;
    if (name != "off") {
        reject(options.Env(), "fusedConvolution", "off, cooperative or plain",
               options.Get("fusedConvolution"));
    }
    return FusedConvolution::kOff;
}

std::vector<GlobalPool> globalPoolsOf(const Napi::Object& options) {
    const Napi::Value value = options.Get("globalPools");
    if (!value.IsArray() || value.As<Napi::Array>().Length() > kMostPools) {
        reject(options.Env(), "globalPools", "an array of at most " + std::to_string(kMostPools), value);
    }
    const Napi::Array list = value.As<Napi::Array>();
    std::vector<GlobalPool> pools;
    for (uint32_t i = 0; i < list.Length(); i++) {
        const Napi::Value item = list.Get(i);
        if (!item.IsObject()) reject(options.Env(), "globalPools", "objects", item);
        const Napi::Object fields = item.As<Napi::Object>();
        GlobalPool pool;
        pool.pooled = text(fields, "pooled");
        pool.source = text(fields, "source");
        pool.channels = integer(fields, "channels", 1, kMostChannels);
        pool.strideNumerator = integer(fields, "strideNumerator", 1, kLargestStride);
        pool.strideDenominator = integer(fields, "strideDenominator", 1, kLargestStride);
        pools.push_back(pool);
    }
    return pools;
}

PageGeometry geometryOf(const Napi::Object& options) {
    PageGeometry geometry;
    geometry.scale = integer(options, "scale", 1, 8);
    geometry.context = integer(options, "context", 0, kLargestContext);
    geometry.consumed = integer(options, "consumed", 0, geometry.context);
    geometry.alignment = integer(options, "alignment", 1, 64);
    geometry.addsNearest = boolean(options, "addsNearest");
    geometry.edges = edgesOf(options);
    return geometry;
}

}  // namespace

LoadArguments parseLoadArguments(const Napi::Object& options) {
    LoadArguments arguments;
    NetworkOptions& network = arguments.network;
    network.paramPath = text(options, "paramPath");
    network.binPath = text(options, "binPath");
    network.inputBlob = text(options, "inputBlob");
    network.outputBlob = text(options, "outputBlob");
    network.globalPools = globalPoolsOf(options);
    network.geometry = geometryOf(options);
    network.deviceIndex = integer(options, "deviceIndex", -1, 255);
    network.arithmetic.fp16Storage = boolean(options, "fp16Storage");
    network.arithmetic.fp16Arithmetic = boolean(options, "fp16Arithmetic");
    network.arithmetic.winograd = boolean(options, "winograd");
    network.arithmetic.cooperativeMatrix = boolean(options, "cooperativeMatrix");
    network.arithmetic.directConvolution = boolean(options, "directConvolution");
    network.arithmetic.fusedConvolution = fusedConvolutionOf(options);
    network.threads = integer(options, "threads", 1, kMostThreads);
    network.maxMemoryBytes = static_cast<size_t>(integer(options, "maxMemoryMb", 0, kMostMemoryMb)) << 20;
    network.pipelineCachePath = text(options, "pipelineCachePath");
    network.loseDeviceAfter = integer(options, "loseDeviceAfter", 0, INT32_MAX);
    arguments.engine.lanes = integer(options, "lanes", 1, kMostLanes);
    arguments.engine.duty = number(options, "duty", kLeastDuty, 1);
    return arguments;
}

SubmitArguments parseSubmitArguments(const Napi::Object& options, int scale) {
    SubmitArguments arguments;
    const Size size{integer(options, "width", 1, kLongestSide), integer(options, "height", 1, kLongestSide)};
    const Size scaled{size.width * scale, size.height * scale};
    arguments.input = bytes(options, "input", byteCount(size));
    arguments.output = bytes(options, "output", byteCount(scaled));
    arguments.job.id = static_cast<uint32_t>(integer(options, "id", 1, INT32_MAX));
    arguments.job.priority = integer(options, "priority", INT32_MIN, INT32_MAX);
    arguments.job.task.input = {arguments.input.Data(), size};
    arguments.job.task.output = {arguments.output.Data(), scaled};
    arguments.job.task.tile = integer(options, "tile", kSmallestTile, kLongestSide);
    return arguments;
}

}  // namespace bdreader
