#pragma once

#include <mutex>
#include <string>

namespace bdreader {

/**
 * While it lives, what the process writes to standard error is held back; afterwards it is written except for
 * the lines in which ncnn describes Vulkan devices ("[0 name]  queueC=...") or their absence ("dlopen failed
 * ..."): several lines at every start would bury what a person has to read. Where holding back is not
 * possible, everything is written as usual.
 *
 * One at a time; other threads' lines are only delayed.
 */
class StderrFilter {
  public:
    StderrFilter();
    ~StderrFilter();

    StderrFilter(const StderrFilter&) = delete;
    StderrFilter& operator=(const StderrFilter&) = delete;

  private:
    std::string takeHeldBack() const;

    std::unique_lock<std::mutex> lock_;
    int original_ = -1;
    int heldBack_ = -1;
};

}  // namespace bdreader
