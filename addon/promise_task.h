#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "exit_guard.h"
#include "failure.h"
#include "js_error.h"

namespace bdreader {

/**
 * Runs work that takes long on a thread of its own and settles a promise with what it gave.
 *
 * libuv's pool is left alone: it has few threads and the codecs need them. The thread is joined before the
 * environment is gone.
 */
template <typename Result>
class PromiseTask {
  public:
    using Work = std::function<Result()>;
    using Convert = std::function<Napi::Value(Napi::Env, Result&)>;

    /**
     * @param work runs on the new thread; must not touch JavaScript
     * @param convert runs on the JavaScript thread
     */
    static Napi::Value start(Napi::Env env, Work work, Convert convert) {
        auto* task = new PromiseTask(env, std::move(work), std::move(convert));
        const Napi::Value promise = task->deferred_.Promise();
        armExitHandler(false);
        beginLiveTask();
        task->thread_ = std::thread([task] { task->run(); });
        return promise;
    }

  private:
    PromiseTask(Napi::Env env, Work work, Convert convert)
        : deferred_(Napi::Promise::Deferred::New(env)), work_(std::move(work)), convert_(std::move(convert)) {
        const auto joinAndFree = [](Napi::Env, PromiseTask* task) {
            task->thread_.join();
            delete task;
        };
        deliver_ =
            Napi::ThreadSafeFunction::New(env, Napi::Function(), "bdreader:task", 0, 1, joinAndFree, this);
    }

    void run() {
        try {
            result_.emplace(work_());
        } catch (...) {
            failure_ = std::make_unique<Failure>(currentFailure());
        }
        // Fails only while the environment closes, when nobody waits for the promise any more.
        deliver_.NonBlockingCall([this](Napi::Env env, Napi::Function) { settle(env); });
        deliver_.Release();
        endLiveTask();
    }

    void settle(Napi::Env env) {
        if (failure_) {
            deferred_.Reject(toJsError(env, *failure_));
            return;
        }
        try {
            deferred_.Resolve(convert_(env, *result_));
        } catch (const Napi::Error& error) {
            deferred_.Reject(error.Value());
        }
    }

    Napi::Promise::Deferred deferred_;
    Work work_;
    Convert convert_;
    Napi::ThreadSafeFunction deliver_;
    std::thread thread_;
    std::optional<Result> result_;
    std::unique_ptr<Failure> failure_;
};

}  // namespace bdreader
