#include "cpu_runner.h"

#include <cstring>

#include "crossing.h"
#include "failure.h"
#include "tensor_check.h"

namespace bdreader {

ncnn::Extractor CpuRunner::start(const ncnn::Mat& input, const PoolMeans& means) const {
    ncnn::Extractor extractor = net_.create_extractor();
    checkExtract(extractor.input(options_.inputBlob.c_str(), input), "setting the network's input");
    for (size_t i = 0; i < means.size(); i++) {
        ncnn::Mat values(static_cast<int>(means[i].size()));
        if (values.empty()) throw Failure(FailureCode::kOutOfMemory, "no host memory for a mean");
        std::memcpy(values.data, means[i].data(), means[i].size() * sizeof(float));
        checkExtract(extractor.input(options_.globalPools[i].pooled.c_str(), values), "setting a mean");
    }
    return extractor;
}

TileReport CpuRunner::upscale(const TileTask& task, const PoolMeans& means) {
    const PageGeometry& geometry = options_.geometry;
    const Rect region = regionOf(task, geometry);
    TileReport report;
    const ncnn::Mat input = readRegion(task.input, region, geometry.edges, report.inputPeak);
    ncnn::Extractor extractor = start(input, means);
    ncnn::Mat output;
    checkExtract(extractor.extract(options_.outputBlob.c_str(), output), "running the network");
    checkPlanes({output.dims, output.w, output.h, output.c, output.elempack, output.elemsize},
                outputSizeOf(region, geometry));
    if (geometry.addsNearest) addNearest(output, input, geometry.scale, geometry.consumed);
    report.outputPeak =
        writeRegion(output, cropOf(geometry), task.output, targetOf(task.core, geometry.scale));
    return report;
}

PoolSums CpuRunner::sumPool(const TileTask& task, const PoolMeans& means) {
    const PageGeometry& geometry = options_.geometry;
    const GlobalPool& pool = options_.globalPools[means.size()];
    uint8_t peak = 0;
    const ncnn::Mat input = readRegion(task.input, regionOf(task, geometry), geometry.edges, peak);
    ncnn::Extractor extractor = start(input, means);
    ncnn::Mat source;
    checkExtract(extractor.extract(pool.source.c_str(), source), "running the network up to a global pool");
    if (source.empty() || source.c != pool.channels || source.elempack != 1 ||
        source.elemsize != sizeof(float)) {
        throw Failure(FailureCode::kModelInvalid, "expected " + std::to_string(pool.channels) +
                                                      " float planes in " + pool.source + ", received " +
                                                      std::to_string(source.c));
    }
    const Rect share = poolShare(pool, geometry, task, {source.w, source.h});
    PoolSums sums;
    sums.pixels = static_cast<double>(share.width) * share.height;
    for (int c = 0; c < source.c; c++) {
        const ncnn::Mat plane = source.channel(c);
        double sum = 0;
        for (int y = share.y; y < share.y + share.height; y++) {
            const float* row = plane.row(y);
            for (int x = share.x; x < share.x + share.width; x++) sum += static_cast<double>(row[x]);
        }
        sums.channels.push_back(sum);
    }
    return sums;
}

}  // namespace bdreader
