#include "fused_graph.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <vector>

#include "fused_layer.h"
#include "graph_text.h"

namespace bdreader {

namespace {

constexpr int kBinaryAdd = 0;
constexpr int kBinaryMultiply = 2;
constexpr int kEltwiseSum = 1;
/** Of Scale: the factors are another source. */
constexpr int kFactorsAreGiven = -233;
/** Arrays of Crop and Eltwise. */
constexpr int kStarts = -23309;
constexpr int kEnds = -23310;
constexpr int kAxes = -23311;
constexpr int kCoefficients = -23301;

class Merger {
  public:
    Merger(OwnLayersNet& net, std::vector<GraphLine> lines)
        : layers_(net.layers()), blobs_(net.mutable_blobs()), lines_(std::move(lines)) {}

    /** Whether the text is of this net. */
    bool isUsable() const {
        const auto isOf = [](const ncnn::Layer* layer, const GraphLine& line) {
            return layer->type == line.type && layer->name == line.name;
        };
        return std::equal(layers_.begin(), layers_.end(), lines_.begin(), lines_.end(), isOf);
    }

    void merge(FusedLayer& layer) {
        const auto place = std::find(layers_.begin(), layers_.end(), &layer);
        if (place == layers_.end()) return;
        const auto index = static_cast<size_t>(place - layers_.begin());
        FusedExtras extras;
        extras.isScaled = takeFactors(index);
        if (const std::optional<Size> from = takeAdded(index)) {
            extras.isAdded = true;
            extras.addedFrom = *from;
        }
        layer.one_blob_only = layer.bottoms.size() == 1;
        layer.computeBesides(extras);
    }

  private:
    ncnn::Layer& layer(size_t index) const { return *layers_[index]; }
    size_t producer(int blob) const { return indexed(blobs_[static_cast<size_t>(blob)].producer); }
    size_t consumer(int blob) const { return indexed(blobs_[static_cast<size_t>(blob)].consumer); }
    /** @return a number that no layer has instead of a negative one */
    size_t indexed(int index) const { return index < 0 ? layers_.size() : static_cast<size_t>(index); }
    bool is(size_t index, const char* type) const {
        return index < layers_.size() && lines_[index].type == type;
    }

    /** @return channels of a blob; 0 where that is not plain to see */
    int channelsOf(int blob) const {
        const size_t index = producer(blob);
        if (is(index, "Convolution") || is(index, "Deconvolution") || is(index, "InnerProduct")) {
            return lines_[index].get(0, 0);
        }
        return is(index, "Split") || isScaling(index) ? channelsOf(layer(index).bottoms[0]) : 0;
    }

    /** Whether a blob has one dimension: it comes from a global pool, through nothing but matrix products. */
    bool isVector(int blob) const {
        const size_t index = producer(blob);
        if (is(index, "InnerProduct")) return isVector(layer(index).bottoms[0]);
        return is(index, "Pooling") && lines_[index].get(4, 0) == 1;
    }

    bool isScaling(size_t index) const {
        const bool isScale =
            is(index, "Scale") && lines_[index].get(0, 0) == kFactorsAreGiven && lines_[index].get(1, 0) == 0;
        const bool isProduct = is(index, "BinaryOp") && lines_[index].get(0, 0) == kBinaryMultiply;
        return (isScale || isProduct) && layer(index).bottoms.size() == 2 &&
               isVector(layer(index).bottoms[1]);
    }

    bool isSum(size_t index) const {
        const bool isEltwise = is(index, "Eltwise") && lines_[index].get(0, 0) == kEltwiseSum &&
                               !lines_[index].has(kCoefficients);
        const bool isBinary = is(index, "BinaryOp") && lines_[index].get(0, 0) == kBinaryAdd;
        return (isEltwise || isBinary) && layer(index).bottoms.size() == 2;
    }

    /** Makes a source of the layer at `index` one of another layer's. */
    void giveSource(size_t index, int blob) {
        blobs_[static_cast<size_t>(blob)].consumer = static_cast<int>(index);
    }

    bool takeFactors(size_t index) {
        std::vector<int>& sources = layer(index).bottoms;
        const size_t scaling = producer(sources[0]);
        if (!isScaling(scaling)) return false;
        const std::vector<int> scaled = layer(scaling).bottoms;
        if (channelsOf(scaled[0]) == 0 || channelsOf(scaled[0]) != channelsOf(scaled[1])) return false;
        sources = scaled;
        for (const int blob : scaled) giveSource(index, blob);
        return true;
    }

    /** @return what a layer cuts off on the left and the top of its first source, to the size of one of these
     */
    std::optional<Size> cropOf(size_t index, const std::vector<int>& references) const {
        if (!is(index, "Crop")) return std::nullopt;
        const GraphLine& line = lines_[index];
        const std::vector<int>& sources = layer(index).bottoms;
        if (sources.size() == 2) {
            const bool isReference = std::count(references.begin(), references.end(), sources[1]) == 1;
            const Size from{line.get(0, 0), line.get(1, 0)};
            const bool isPlain = line.get(2, 0) == 0 && !line.has(kStarts) && !line.has(kEnds);
            if (!isReference || !isPlain || from.width < 0 || from.height < 0) return std::nullopt;
            return from;
        }
        int rows = 0;
        int columns = 0;
        if (!line.has(kStarts) || !line.has(kAxes) || line.params.at(kAxes) != "2,-2,-1" ||
            std::sscanf(line.params.at(kStarts).c_str(), "2,%d,%d", &rows, &columns) != 2 || rows < 0 ||
            columns < 0) {
            return std::nullopt;
        }
        return Size{columns, rows};
    }

    std::optional<Size> takeAdded(size_t index) {
        const int result = layer(index).tops[0];
        const size_t split = consumer(result);
        const std::vector<int> copies = is(split, "Split") ? layer(split).tops : std::vector<int>{result};
        const auto isCopy = [&](int blob) {
            return std::find(copies.begin(), copies.end(), blob) != copies.end();
        };
        for (const int copy : copies) {
            const size_t sum = consumer(copy);
            if (!isSum(sum)) continue;
            const std::vector<int>& summands = layer(sum).bottoms;
            const int other = summands[0] == copy ? summands[1] : summands[0];
            const size_t crop = producer(other);
            const std::optional<Size> from = cropOf(crop, copies);
            // What else needs the result alone would miss it.
            const bool isSpare = std::all_of(copies.begin(), copies.end(), [&](int blob) {
                return consumer(blob) == sum || consumer(blob) == crop;
            });
            if (!from || isCopy(other) || !isSpare) continue;
            const int added = layer(crop).bottoms[0];
            if (isCopy(added) || channelsOf(added) != channelsOf(result)) continue;
            layer(index).bottoms.push_back(added);
            giveSource(index, added);
            layer(index).tops = layer(sum).tops;
            blobs_[static_cast<size_t>(layer(sum).tops[0])].producer = static_cast<int>(index);
            return from;
        }
        return std::nullopt;
    }

    const std::vector<ncnn::Layer*>& layers_;
    std::vector<ncnn::Blob>& blobs_;
    const std::vector<GraphLine> lines_;
};

}  // namespace

void mergeIntoFused(OwnLayersNet& net, const FusedConvolutions& fused, const std::string& paramPath) {
    Merger merger(net, readGraph(paramPath));
    if (!merger.isUsable()) return;
    for (FusedLayer* layer : fused.layers) merger.merge(*layer);
}

}  // namespace bdreader
