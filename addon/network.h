#pragma once

#include <ncnn/net.h>

#include <memory>
#include <string>

namespace bdreader {

/** Everything that is needed to load one model onto one device. */
struct NetworkOptions {
    std::string paramPath;
    std::string binPath;
    std::string inputBlob;
    std::string outputBlob;
    /** Vulkan index, or -1 for the CPU. */
    int deviceIndex = -1;
    /** Halves memory traffic on a GPU; sums stay fp32. Ignored on the CPU, which computes in fp32. */
    bool fp16 = false;
    bool winograd = true;
    /** CPU threads of one inference. */
    int threads = 1;
    /** Inferences side by side on the CPU; on a GPU one at a time fills the device. */
    int parallelRuns = 1;
};

/**
 * Runs the network. Each lane has its own, since ncnn's Vulkan allocators have no lock; the network itself
 * is shared.
 */
class Runner {
  public:
    virtual ~Runner() = default;

    /**
     * @param input three float planes on the host
     * @return three float planes on the host
     * @throws Failure kOutOfMemory, kGpuLost, kInternal
     */
    virtual ncnn::Mat run(const ncnn::Mat& input) = 0;

    /** How many threads may call run at the same time; at least 1. */
    virtual int concurrency() const = 0;

    /** Whether memory is kept from run to run, so that inputs of one size are worth some pixels that nobody
     * needs. */
    virtual bool prefersOneSize() const = 0;

    /** Gives memory kept for reuse back to the device. Nothing may be running. */
    virtual void releaseMemory() = 0;
};

/** A model loaded once onto a device. Its runners must be gone before it is destroyed. Any thread may make
 * runners. */
class Network {
  public:
    /** @throws Failure kDeviceUnavailable, kModelInvalid, kOutOfMemory */
    explicit Network(const NetworkOptions& options);
    ~Network();

    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;

    std::unique_ptr<Runner> createRunner() const;

    /** MiB that the driver says this process may still take on the device; 0 on the CPU. */
    uint32_t memoryBudgetMb() const;

  private:
    void selectDevice();
    void load();

    NetworkOptions options_;
    ncnn::Net net_;
};

}  // namespace bdreader
