#pragma once

#include "check.h"
#include "machine.h"
#include "tiny_network.h"

namespace bdreader::test {

/** Where a case that runs on both runs now. */
enum class Device { kCpu, kVulkan };

/** @return options that load the network onto the device; throws Skipped when there is none */
inline NetworkOptions writeNetworkFor(Device device, TinyNetwork kind, const TemporaryFolder& folder) {
    NetworkOptions options = writeNetwork(kind, folder);
    if (device == Device::kVulkan) options.deviceIndex = vulkanDevice();
    return options;
}

}  // namespace bdreader::test

/** Registers `run`, a function of a Device, for the CPU and for the first Vulkan device. */
#define REGISTER_DEVICE_CASE(group, name, run)                                             \
    REGISTER_CASE(group " on the CPU", name, [] { run(::bdreader::test::Device::kCpu); }); \
    REGISTER_CASE(group " on Vulkan", name, [] { run(::bdreader::test::Device::kVulkan); })
