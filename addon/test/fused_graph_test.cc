#include "../fused_graph.h"

#include <algorithm>
#include <memory>
#include <string>

#include "../fragment_order.h"
#include "../fused_layer.h"
#include "../network.h"
#include "check.h"
#include "engine_fixture.h"
#include "fused_case.h"
#include "unet_network.h"

namespace bdreader::test {

namespace {

constexpr UnetNetwork kByReference{16, 32, false};
constexpr UnetNetwork kByEnds{16, 32, true};

/** A graph as a network loads it, without weights. */
class MergedGraph {
  public:
    explicit MergedGraph(const std::string& graph) {
        const NetworkOptions options = fused({}, FusedConvolution::kPlain);
        const std::string path = folder_.file("graph.param");
        writeFile(path, graph);
        net_.set_vulkan_device(options.deviceIndex);
        net_.opt.use_vulkan_compute = true;
        net_.fuseWith(&fused_);
        EXPECT_EQUAL(net_.load_param(path.c_str()), 0);
        mergeIntoFused(net_, fused_, path);
    }

    /** @return what a layer computes besides */
    FusedExtras extrasOf(const std::string& name) const {
        const auto& layers = fused_.layers;
        const auto found = std::find_if(layers.begin(), layers.end(),
                                        [&](const FusedLayer* layer) { return layer->name == name; });
        if (found == layers.end()) throw Unexpected("expected a fused layer " + name);
        return (*found)->extras();
    }

    /** @return whether the blob is made by the layer */
    bool makes(const std::string& name, const std::string& blob) const {
        for (const ncnn::Blob& one : net_.blobs()) {
            if (one.name == blob) return net_.layers()[static_cast<size_t>(one.producer)]->name == name;
        }
        return false;
    }

  private:
    const TemporaryFolder folder_;
    ShaderCompiler compiler_{""};
    FusedConvolutions fused_{FusedConvolution::kPlain, compiler_, storedOrder(), {}, nullptr};
    OwnLayersNet net_;
};

std::string replaced(std::string text, const std::string& old, const std::string& with) {
    const size_t found = text.find(old);
    if (found == std::string::npos) throw Unexpected("expected the graph to have " + old);
    return text.replace(found, old.size(), with);
}

void unetsAreLikeOnCpu(FusedConvolution mode) {
    const TemporaryFolder folder;
    for (const UnetNetwork& network : {kByReference, kByEnds, UnetNetwork{20, 36, false}}) {
        expectLikeCpu(mode, writeUnet(network, folder), kFusableInUnet, {{26, 18}, {7, 33}});
    }
    // Three blocks and more of results for each pixel.
    expectLikeCpu(mode, writeUnet({48, 80, false}, folder), kFusableInUnet, {{9, 11}});
}

void tiledUnetsAreLikeTheWholePage(FusedConvolution mode) {
    const TemporaryFolder folder;
    EngineFixture fixture(fused(writeUnet(kByReference, folder), mode));
    const Image page = noise({71, 45}, 1);
    EXPECT(largestDifference(fixture.upscale(page, 32), fixture.upscale(page, kWhole)) <= 1);
}

void savedLayersAreNotAskedFor() {
    for (const UnetNetwork& network : {kByReference, kByEnds}) {
        const MergedGraph graph(unetGraph(network));
        const FusedExtras up = graph.extrasOf("up");
        EXPECT(up.isScaled && up.isAdded);
        EXPECT_EQUAL(up.addedFrom.width, 2);
        EXPECT_EQUAL(up.addedFrom.height, 2);
        EXPECT(graph.makes("up", "joined"));
        const FusedExtras last = graph.extrasOf("last");
        EXPECT(!last.isScaled && last.isAdded);
        EXPECT(graph.makes("last", "out0"));
        for (const char* name : {"middle", "fine"}) {
            const FusedExtras extras = graph.extrasOf(name);
            EXPECT(!extras.isScaled && !extras.isAdded);
        }
    }
}

void othersAreNotMerged() {
    const std::string byReference = unetGraph(kByReference);
    const std::string byEnds = unetGraph(kByEnds);
    const std::string withCopy =
        replaced(byReference, "high 1 2 high high_0 high_1", "high 1 3 high high_0 high_1 high_2");
    const std::string usedElsewhere = replaced(replaced(withCopy, "20 25", "21 27"), "Deconvolution fine",
                                               "Sigmoid other 1 1 high_2 elsewhere\nDeconvolution fine");
    for (const std::string& graph :
         {replaced(byReference, "high_0 joined 0=1", "high_0 joined 0=2"),
          replaced(byReference, "high_0 joined 0=1", "high_0 joined 0=1 -23301=2,1.0,0.5"),
          replaced(byReference, "skipped_middle 0=2 1=2", "skipped_middle 0=2 1=2 2=4"),
          // The crop is as large as something else, or the result is needed elsewhere, too.
          replaced(byReference, "skipped high_1 skipped_middle", "skipped half skipped_middle"),
          usedElsewhere, replaced(byEnds, "high skipped_middle joined 0=0", "high skipped_middle joined 0=2"),
          replaced(byEnds, "-23309=2,2,2 -23310=2,-2,-2 -23311=2,-2,-1",
                   "-23309=2,2,2 -23310=2,-2,-2 -23311=2,0,1")}) {
        EXPECT(!MergedGraph(graph).extrasOf("up").isAdded);
    }
    for (const std::string& graph : {replaced(byReference, "weighted 0=-233", "weighted 0=-233 1=1"),
                                     replaced(byReference, "pooled 0=1 4=1", "pooled 0=1 1=2 2=2"),
                                     replaced(byEnds, "weighted 0=2", "weighted 0=0"),
                                     replaced(byEnds, "kept factors weighted", "factors kept weighted")}) {
        EXPECT(!MergedGraph(graph).extrasOf("up").isScaled);
    }
}

REGISTER_KINDS("U-nets are as on the CPU", unetsAreLikeOnCpu);
REGISTER_KINDS("tiles of U-nets are like the whole page", tiledUnetsAreLikeTheWholePage);
REGISTER_CASE("fused graphs", "what a fused layer computes besides is computed by it alone",
              savedLayersAreNotAskedFor);
REGISTER_CASE("fused graphs", "what only looks alike is left as it is", othersAreNotMerged);

}  // namespace

}  // namespace bdreader::test
