#include "blob_statistics.h"

#include <algorithm>
#include <cmath>

#include "crossing.h"
#include "failure.h"

namespace bdreader {

namespace {

void expectPlanes(const ncnn::Mat& blob, const std::string& name) {
    if (blob.empty()) throw Failure(FailureCode::kOutOfMemory, "no host memory for blob " + name);
    if (blob.dims != 3 || blob.elempack != 1 || blob.elemsize != sizeof(float)) {
        throw Failure(FailureCode::kModelInvalid, "expected float planes in blob " + name + ", received " +
                                                      std::to_string(blob.dims) + " dimensions of " +
                                                      std::to_string(blob.elemsize) + " bytes an element");
    }
}

template <typename Visit>
void forEachMagnitude(const ncnn::Mat& blob, Visit visit) {
    for (int c = 0; c < blob.c; c++) {
        const float* values = blob.channel(c);
        for (int i = 0; i < blob.w * blob.h; i++) visit(std::abs(values[i]));
    }
}

BlobStatistics statisticsOf(const ncnn::Mat& blob, const BlobQuery& query, uint32_t bins) {
    BlobStatistics statistics;
    bool isFinite = true;
    forEachMagnitude(blob, [&](float magnitude) {
        isFinite = isFinite && std::isfinite(magnitude);
        statistics.peak = std::max(statistics.peak, magnitude);
    });
    if (!isFinite)
        throw Failure(FailureCode::kInternal,
                      "expected finite values in blob " + query.name + ", received others");
    if (query.limit <= 0) return statistics;
    statistics.counts.assign(bins, 0);
    const double perUnit = bins / static_cast<double>(query.limit);
    forEachMagnitude(blob, [&](float magnitude) {
        // Zero is exact in any scale: counting it would hide what is not.
        if (magnitude == 0.f) return;
        const double bin = std::min(magnitude * perUnit, bins - 1.0);
        statistics.counts[static_cast<size_t>(bin)]++;
    });
    return statistics;
}

}  // namespace

std::vector<BlobStatistics> observeBlobs(const ncnn::Net& net, const NetworkOptions& options,
                                         ConstPixels image, const std::vector<BlobQuery>& queries,
                                         uint32_t bins) {
    const PageGeometry& geometry = options.geometry;
    const Rect aligned{0, 0, roundUp(image.size.width, geometry.alignment),
                       roundUp(image.size.height, geometry.alignment)};
    uint8_t peak = 0;
    const ncnn::Mat input = readRegion(image, grow(aligned, geometry.context), geometry.edges, peak);
    ncnn::Extractor extractor = net.create_extractor();
    extractor.set_light_mode(false);
    if (extractor.input(options.inputBlob.c_str(), input) != 0)
        throw Failure(FailureCode::kModelInvalid, "expected the network to have blob " + options.inputBlob);
    std::vector<BlobStatistics> observed;
    for (const BlobQuery& query : queries) {
        ncnn::Mat blob;
        const int status = extractor.extract(query.name.c_str(), blob);
        if (status != 0) {
            throw Failure(status == -100 ? FailureCode::kOutOfMemory : FailureCode::kModelInvalid,
                          "computing blob " + query.name + " returned " + std::to_string(status));
        }
        expectPlanes(blob, query.name);
        observed.push_back(statisticsOf(blob, query, bins));
    }
    return observed;
}

}  // namespace bdreader
