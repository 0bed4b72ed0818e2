#include "side_by_side.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "failure.h"

namespace bdreader {

namespace {

/** The indices that are left, shared by the threads. */
class WorkList {
  public:
    WorkList(int count, const std::function<void(int)>& work) : count_(count), work_(work) {}

    void drain() {
        try {
            for (int index = next_++; index < count_; index = next_++) work_(index);
        } catch (...) {
            next_ = count_;
            const std::lock_guard<std::mutex> lock(mutex_);
            if (!failure_) failure_ = std::make_unique<Failure>(currentFailure());
        }
    }

    /** To be called when no thread drains any more. */
    void rethrow() const {
        if (failure_) throw *failure_;
    }

  private:
    const int count_;
    const std::function<void(int)>& work_;
    std::atomic<int> next_{0};
    std::mutex mutex_;
    std::unique_ptr<Failure> failure_;
};

}  // namespace

void forEachSideBySide(int count, int threads, const std::function<void(int index)>& work) {
    WorkList list(count, work);
    std::vector<std::thread> others;
    try {
        for (int i = 1; i < std::min(threads, count); i++) others.emplace_back([&list] { list.drain(); });
    } catch (const std::system_error&) {
        // The system gives no more threads: those there are do all the work.
    }
    list.drain();
    for (std::thread& other : others) other.join();
    list.rethrow();
}

}  // namespace bdreader
