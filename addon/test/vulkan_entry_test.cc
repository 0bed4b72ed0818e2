#include <string>
#include <utility>
#include <vector>

#include "../vulkan_entry.h"
#include "check.h"

namespace bdreader::test {

namespace {

constexpr VkQueueFlags kGraphics = VK_QUEUE_GRAPHICS_BIT;
constexpr VkQueueFlags kCompute = VK_QUEUE_COMPUTE_BIT;
constexpr VkQueueFlags kCopy = VK_QUEUE_TRANSFER_BIT;

/** @param families flags and count of each @return the same after few are shown, as "gct2 c1": kinds and
 * counts */
std::string shown(const std::vector<std::pair<VkQueueFlags, uint32_t>>& families) {
    std::vector<VkQueueFamilyProperties> properties;
    for (const auto& [flags, count] : families) {
        VkQueueFamilyProperties family{};
        family.queueFlags = flags;
        family.queueCount = count;
        properties.push_back(family);
    }
    showFewQueues(properties.data(), static_cast<uint32_t>(properties.size()));
    std::string text;
    for (const VkQueueFamilyProperties& family : properties) {
        if (!text.empty()) text += " ";
        if (family.queueFlags & kGraphics) text += "g";
        if (family.queueFlags & kCompute) text += "c";
        if (family.queueFlags & kCopy) text += "t";
        text += std::to_string(family.queueCount);
    }
    return text;
}

void computeFamilyCopiesToo() {
    // In the order of NVIDIA's driver: all kinds, copying, computing.
    const VkQueueFlags all = kGraphics | kCompute | kCopy;
    EXPECT_EQUAL(shown({{all, 16}, {kCopy, 2}, {kCompute | kCopy, 8}}), std::string("gc2 2 ct2"));
    EXPECT_EQUAL(shown({{all, 1}, {kCompute | kCopy, 4}, {kCopy, 2}}), std::string("gc1 ct2 2"));
}

void onlyFamilyKeepsAll() {
    EXPECT_EQUAL(shown({{kGraphics | kCompute | kCopy, 1}}), std::string("gct1"));
    EXPECT_EQUAL(shown({{kGraphics | kCompute | kCopy, 8}, {kCopy, 1}}), std::string("gct2 1"));
    EXPECT_EQUAL(shown({}), std::string());
}

void deviceWithoutComputingStaysSo() {
    EXPECT_EQUAL(shown({{kGraphics | kCopy, 4}, {kCopy, 1}}), std::string("g2 1"));
}

REGISTER_CASE("queues", "a family that only computes gets the copying", computeFamilyCopiesToo);
REGISTER_CASE("queues", "a family that does everything keeps it, with fewer queues", onlyFamilyKeepsAll);
REGISTER_CASE("queues", "no family is made able to compute", deviceWithoutComputingStaysSo);

}  // namespace

}  // namespace bdreader::test
