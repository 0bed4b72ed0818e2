#include "stderr_filter.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cctype>
#include <cstdio>

namespace bdreader {

namespace {

constexpr int kLowestCopy = 3;

bool describesDevice(const std::string& line) {
    return line.size() > 2 && line[0] == '[' && std::isdigit(static_cast<unsigned char>(line[1])) != 0 &&
           line.find("]  ") != std::string::npos;
}

/** A machine without Vulkan is as welcome as any other; who asks for a GPU there is told so in full. */
bool tellsOfMissingVulkan(const std::string& line) {
    // -9 is VK_ERROR_INCOMPATIBLE_DRIVER: a loader, but no driver that it could load.
    for (const char* start :
         {"dlopen failed", "load vulkan driver failed", "no vulkan device", "vkCreateInstance failed -9"}) {
        if (line.rfind(start, 0) == 0) return true;
    }
    return false;
}

void writeLines(const std::string& text) {
    size_t start = 0;
    while (start < text.size()) {
        const size_t end = text.find('\n', start);
        const size_t next = end == std::string::npos ? text.size() : end + 1;
        const std::string line = text.substr(start, next - start);
        // A line that cannot be written to standard error cannot be reported there either.
        const bool isExpected = describesDevice(line) || tellsOfMissingVulkan(line);
        if (!isExpected) static_cast<void>(std::fwrite(line.data(), 1, line.size(), stderr));
        start = next;
    }
}

}  // namespace

StderrFilter::StderrFilter() {
    static std::mutex oneAtATime;
    lock_ = std::unique_lock<std::mutex>(oneAtATime);
    heldBack_ = memfd_create("bdreader-stderr", MFD_CLOEXEC);
    if (heldBack_ < 0) return;
    original_ = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, kLowestCopy);
    if (original_ < 0 || dup2(heldBack_, STDERR_FILENO) < 0) {
        if (original_ >= 0) close(original_);
        original_ = -1;
        close(heldBack_);
        heldBack_ = -1;
    }
}

StderrFilter::~StderrFilter() {
    if (original_ < 0) return;
    const bool restored = dup2(original_, STDERR_FILENO) >= 0;
    close(original_);
    const std::string text = takeHeldBack();
    close(heldBack_);
    if (restored) writeLines(text);
}

std::string StderrFilter::takeHeldBack() const {
    std::string text;
    char buffer[4096];
    off_t offset = 0;
    ssize_t count = 0;
    while ((count = pread(heldBack_, buffer, sizeof buffer, offset)) > 0) {
        text.append(buffer, static_cast<size_t>(count));
        offset += count;
    }
    return text;
}

}  // namespace bdreader
