#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "../device_memory.h"
#include "../gpu_instance.h"
#include "../pinned_outputs.h"
#include "check.h"
#include "machine.h"

namespace bdreader::test {

namespace {

constexpr size_t kMiB = size_t{1} << 20;

void capIsKept() {
    MemoryBudget budget(100);
    EXPECT(budget.take(60));
    EXPECT(!budget.take(41));
    EXPECT(!budget.take(std::numeric_limits<size_t>::max()));
    EXPECT_EQUAL(budget.held(), size_t{60});
    EXPECT(budget.take(40));
    budget.give(100);
    EXPECT_EQUAL(budget.held(), size_t{0});
    EXPECT_EQUAL(budget.peak(), size_t{100});
}

void noCapIsNoLimit() {
    MemoryBudget budget(0);
    EXPECT(budget.take(size_t{1} << 40));
    EXPECT_EQUAL(budget.peak(), size_t{1} << 40);
}

/** Calls work(number of the thread) on four threads at once. */
template <typename Work>
void onFourThreads(Work work) {
    std::vector<std::thread> threads;
    for (uint32_t i = 0; i < 4; i++) threads.emplace_back(work, i);
    for (std::thread& thread : threads) thread.join();
}

void capIsKeptUnderThreads() {
    constexpr size_t kCap = 1000;
    MemoryBudget budget(kCap);
    std::atomic<int> passed{0};
    std::atomic<size_t> most{0};
    onFourThreads([&](uint32_t seed) {
        std::mt19937 random(seed);
        size_t own = 0;
        for (int i = 0; i < 20000; i++) {
            const size_t bytes = random() % 300 + 1;
            if (budget.take(bytes)) {
                own += bytes;
                if (budget.held() > kCap) passed++;
                if (own > most) most = own;
            }
            if (own > 0 && random() % 2 == 0) budget.give(std::exchange(own, 0));
        }
        budget.give(own);
    });
    EXPECT_EQUAL(passed.load(), 0);
    EXPECT_EQUAL(budget.held(), size_t{0});
    EXPECT(budget.peak() <= kCap && budget.peak() >= most.load());
}

const ncnn::VulkanDevice* device() {
    const ncnn::VulkanDevice* opened = openDevice(vulkanDevice());
    EXPECT(opened != nullptr);
    return opened;
}

struct Range {
    VkBuffer buffer;
    size_t begin;
    size_t end;
};

bool overlaps(const Range& a, const Range& b) {
    return a.buffer == b.buffer && a.begin < b.end && b.begin < a.end;
}

void tensorsDoNotOverlap(TensorPool::Kind kind) {
    MemoryBudget budget(64 * kMiB);
    TensorPool pool(device(), budget, kind);
    std::mt19937 random(7);
    std::vector<ncnn::VkBufferMemory*> alive;
    for (int i = 0; i < 3000; i++) {
        if (!alive.empty() && random() % 2 == 0) {
            std::swap(alive[random() % alive.size()], alive.back());
            pool.fastFree(alive.back());
            alive.pop_back();
            continue;
        }
        const size_t size = random() % 8 == 0 ? random() % (6 * kMiB) + 1 : random() % 20000 + 1;
        ncnn::VkBufferMemory* memory = pool.fastMalloc(size);
        if (!memory) continue;
        EXPECT(memory->capacity >= size);
        EXPECT_EQUAL(memory->offset % 16, size_t{0});
        const Range range{memory->buffer, memory->offset, memory->offset + memory->capacity};
        for (const ncnn::VkBufferMemory* other : alive) {
            EXPECT(!overlaps(range, {other->buffer, other->offset, other->offset + other->capacity}));
        }
        if (kind == TensorPool::Kind::kHost) {
            std::memset(static_cast<uint8_t*>(memory->mapped_ptr) + memory->offset, i & 255, size);
        }
        alive.push_back(memory);
    }
    for (ncnn::VkBufferMemory* memory : alive) pool.fastFree(memory);
    EXPECT(budget.held() > 0 && budget.peak() <= 64 * kMiB);
    pool.clear();
    EXPECT_EQUAL(budget.held(), size_t{0});
}

void freedNeighboursAreMerged() {
    MemoryBudget budget(0);
    TensorPool pool(device(), budget, TensorPool::Kind::kDevice);
    for (const std::vector<size_t>& order :
         {std::vector<size_t>{0, 1, 2, 3}, {3, 2, 1, 0}, {0, 2, 1, 3}, {1, 3, 0, 2}}) {
        std::vector<ncnn::VkBufferMemory*> parts;
        for (int i = 0; i < 4; i++) parts.push_back(pool.fastMalloc(kMiB));
        for (const size_t i : order) pool.fastFree(parts[i]);
        ncnn::VkBufferMemory* whole = pool.fastMalloc(4 * kMiB);
        EXPECT(whole != nullptr);
        pool.fastFree(whole);
        EXPECT_EQUAL(budget.peak(), 4 * kMiB);
    }
}

void trimmingGivesBackWhatIsNotUsed() {
    MemoryBudget budget(0);
    TensorPool pool(device(), budget, TensorPool::Kind::kDevice);
    ncnn::VkBufferMemory* kept = pool.fastMalloc(100);
    ncnn::VkBufferMemory* large = pool.fastMalloc(20 * kMiB);
    pool.fastFree(large);
    const size_t both = budget.held();
    // Both were used since the last time.
    pool.trim();
    EXPECT_EQUAL(budget.held(), both);
    pool.trim();
    EXPECT_EQUAL(budget.held(), 4 * kMiB);
    pool.trim();
    EXPECT_EQUAL(budget.held(), 4 * kMiB);
    pool.fastFree(kept);
    pool.trim();
    EXPECT_EQUAL(budget.held(), size_t{0});
}

void budgetLimitsThePool() {
    MemoryBudget budget(10 * kMiB);
    TensorPool pool(device(), budget, TensorPool::Kind::kDevice);
    EXPECT(pool.fastMalloc(11 * kMiB) == nullptr);
    EXPECT_EQUAL(budget.held(), size_t{0});
    ncnn::VkBufferMemory* first = pool.fastMalloc(6 * kMiB);
    EXPECT(first != nullptr);
    EXPECT(pool.fastMalloc(6 * kMiB) == nullptr);
    pool.fastFree(first);
    pool.trim();
    // A block that no longer serves makes room for one that does.
    ncnn::VkBufferMemory* second = pool.fastMalloc(9 * kMiB);
    EXPECT(second != nullptr);
    EXPECT(budget.peak() <= 10 * kMiB);
    pool.fastFree(second);
    EXPECT(pool.fastMalloc(16, 16, 3, 4, 1) == nullptr);
}

void poolLeavesNothingBehind() {
    MemoryBudget budget(0);
    {
        TensorPool pool(device(), budget, TensorPool::Kind::kHost);
        pool.fastFree(pool.fastMalloc(5 * kMiB));
        EXPECT(budget.held() > 0);
    }
    EXPECT_EQUAL(budget.held(), size_t{0});
}

void pinnedMemoryIsFoundUntilReleased() {
    PinnedOutputs outputs(device());
    uint8_t* data = outputs.allocate(100'000);
    EXPECT(data != nullptr);
    std::memset(data, 9, 100'000);
    EXPECT(outputs.find(data) != nullptr);
    const uint8_t other = 0;
    EXPECT(outputs.find(&other) == nullptr);
    outputs.release(data);
    EXPECT(outputs.find(data) == nullptr);
    // A second time, as after a buffer was both detached and collected.
    outputs.release(data);
}

void pinnedMemoryHasALimit() {
    PinnedOutputs outputs(device());
    EXPECT(outputs.allocate(size_t{769} * kMiB) == nullptr);
    uint8_t* data = outputs.allocate(kMiB);
    EXPECT(data != nullptr);
    outputs.release(data);
}

void pinnedMemoryServesSeveralThreads() {
    PinnedOutputs outputs(device());
    std::atomic<int> damaged{0};
    onFourThreads([&](uint32_t number) {
        std::mt19937 random(number);
        for (int i = 0; i < 100; i++) {
            const size_t bytes = random() % 200'000 + 1;
            uint8_t* data = outputs.allocate(bytes);
            if (!data) continue;
            std::memset(data, static_cast<int>(number), bytes);
            std::this_thread::yield();
            const bool isOwn =
                std::all_of(data, data + bytes, [number](uint8_t byte) { return byte == number; });
            if (!isOwn || !outputs.find(data)) damaged++;
            outputs.release(data);
        }
    });
    EXPECT_EQUAL(damaged.load(), 0);
}

REGISTER_CASE("memory", "a budget's cap is not passed", capIsKept);
REGISTER_CASE("memory", "a budget without a cap has no limit", noCapIsNoLimit);
REGISTER_CASE("memory", "a budget's cap is not passed by four threads at once", capIsKeptUnderThreads);
REGISTER_CASE("memory", "tensors on the device do not overlap",
              [] { tensorsDoNotOverlap(TensorPool::Kind::kDevice); });
REGISTER_CASE("memory", "tensors on the host do not overlap",
              [] { tensorsDoNotOverlap(TensorPool::Kind::kHost); });
REGISTER_CASE("memory", "freed neighbours are merged in any order", freedNeighboursAreMerged);
REGISTER_CASE("memory", "trimming gives back what was not used since", trimmingGivesBackWhatIsNotUsed);
REGISTER_CASE("memory", "a pool stays within its budget and makes room", budgetLimitsThePool);
REGISTER_CASE("memory", "a pool that ends gives everything back", poolLeavesNothingBehind);
REGISTER_CASE("memory", "pinned memory is known until it is released", pinnedMemoryIsFoundUntilReleased);
REGISTER_CASE("memory", "pinned memory has a limit", pinnedMemoryHasALimit);
REGISTER_CASE("memory", "pinned memory serves several threads", pinnedMemoryServesSeveralThreads);

}  // namespace

}  // namespace bdreader::test
