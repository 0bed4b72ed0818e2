#include "../stderr_filter.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "check.h"

namespace bdreader::test {

namespace {

/** Standard error goes into memory while it lives. */
class CapturedStderr {
  public:
    CapturedStderr() : original_(dup(STDERR_FILENO)), memory_(memfd_create("captured", MFD_CLOEXEC)) {
        if (original_ < 0 || memory_ < 0 || dup2(memory_, STDERR_FILENO) < 0) {
            throw Unexpected("expected to capture standard error, it cannot be");
        }
    }
    ~CapturedStderr() {
        std::fflush(stderr);
        // Nowhere to report to if this fails.
        static_cast<void>(dup2(original_, STDERR_FILENO));
        close(original_);
        close(memory_);
    }

    CapturedStderr(const CapturedStderr&) = delete;
    CapturedStderr& operator=(const CapturedStderr&) = delete;

    std::string text() const {
        std::fflush(stderr);
        char buffer[4096];
        const ssize_t count = pread(memory_, buffer, sizeof buffer, 0);
        return std::string(buffer, count > 0 ? static_cast<size_t>(count) : 0);
    }

  private:
    const int original_;
    const int memory_;
};

void print(const char* text) {
    std::fputs(text, stderr);
    std::fflush(stderr);
}

/** @return what is left of `text` that was printed while a filter lived */
std::string filtered(const char* text) {
    const CapturedStderr captured;
    {
        const StderrFilter filter;
        print(text);
    }
    return captured.text();
}

void linesAboutDevicesAreDropped() {
    EXPECT_EQUAL(filtered("[0 llvmpipe (LLVM 15.0.6, 256 bits)]  queueC=0[1]\nkept\n[1 another]  fp16=1\n"),
                 std::string("kept\n"));
    EXPECT_EQUAL(filtered("vkCreateInstance failed -9\nvkCreateInstance failed -3\n"),
                 std::string("vkCreateInstance failed -3\n"));
}

void otherLinesAreKept() {
    EXPECT_EQUAL(filtered(""), std::string());
    EXPECT_EQUAL(filtered("no newline at the end"), std::string("no newline at the end"));
    EXPECT_EQUAL(filtered("[\n[x]  y\n\n"), std::string("[\n[x]  y\n\n"));
    const std::string longLine(3000, 'x');
    EXPECT_EQUAL(filtered(longLine.c_str()), longLine);
}

/** As when networks are loaded on two threads: the second filter begins within the first and ends after it.
 */
void filtersOverlap() {
    const CapturedStderr captured;
    std::promise<void> secondBegan;
    std::promise<void> firstEnded;
    auto first = std::make_unique<StderrFilter>();
    std::thread other([&] {
        const StderrFilter second;
        secondBegan.set_value();
        firstEnded.get_future().wait();
    });
    // A filter may as well wait until the first has ended.
    static_cast<void>(secondBegan.get_future().wait_for(std::chrono::milliseconds(300)));
    first.reset();
    firstEnded.set_value();
    other.join();
    print("after both\n");
    EXPECT_EQUAL(captured.text(), std::string("after both\n"));
}

int openDescriptors() {
    int count = 0;
    for (int descriptor = 0; descriptor < 1024; descriptor++) {
        if (fcntl(descriptor, F_GETFD) >= 0) count++;
    }
    return count;
}

void noDescriptorIsLeft() {
    const int before = openDescriptors();
    for (int i = 0; i < 20; i++) StderrFilter();
    EXPECT_EQUAL(openDescriptors(), before);
}

REGISTER_CASE("standard error", "lines about devices are dropped", linesAboutDevicesAreDropped);
REGISTER_CASE("standard error", "other lines are kept as they are", otherLinesAreKept);
REGISTER_CASE("standard error", "two filters that overlap leave it as it was", filtersOverlap);
REGISTER_CASE("standard error", "no descriptor is left behind", noDescriptorIsLeft);

}  // namespace

}  // namespace bdreader::test
