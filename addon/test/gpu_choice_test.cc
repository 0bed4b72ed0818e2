#include <string>
#include <vector>

#include "../gpu_instance.h"
#include "check.h"

namespace bdreader::test {

namespace {

int preferredOf(const std::vector<std::string>& types) {
    std::vector<DeviceInfo> devices;
    for (const std::string& type : types) {
        DeviceInfo device;
        device.type = type;
        devices.push_back(device);
    }
    return preferredDevice(devices);
}

void bestKindIsPreferred() {
    EXPECT_EQUAL(preferredOf({"software", "virtual", "integrated", "discrete"}), 3);
    EXPECT_EQUAL(preferredOf({"software", "virtual", "integrated"}), 2);
    EXPECT_EQUAL(preferredOf({"software", "virtual"}), 1);
    EXPECT_EQUAL(preferredOf({"integrated", "discrete", "discrete"}), 1);
}

void cpuIsBetterThanSoftware() {
    EXPECT_EQUAL(preferredOf({"software", "software"}), -1);
    EXPECT_EQUAL(preferredOf({}), -1);
}

REGISTER_CASE("GPU choice", "the best kind of device is preferred, the first of two alike",
              bestKindIsPreferred);
REGISTER_CASE("GPU choice", "software Vulkan never is", cpuIsBetterThanSoftware);

}  // namespace

}  // namespace bdreader::test
