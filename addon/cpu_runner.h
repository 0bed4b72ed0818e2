#pragma once

#include <ncnn/net.h>

#include "network_options.h"
#include "runner.h"

namespace bdreader {

/** Runs tiles through a network on the CPU, in float. */
class CpuRunner final : public Runner {
  public:
    /** @param net, options must live as long as the runner */
    CpuRunner(const ncnn::Net& net, const NetworkOptions& options) : net_(net), options_(options) {}

    TileReport upscale(const TileTask& task, const PoolMeans& means) override;
    PoolSums sumPool(const TileTask& task, const PoolMeans& means) override;
    void releaseMemory() override {}

  private:
    ncnn::Extractor start(const ncnn::Mat& input, const PoolMeans& means) const;

    const ncnn::Net& net_;
    const NetworkOptions& options_;
};

}  // namespace bdreader
