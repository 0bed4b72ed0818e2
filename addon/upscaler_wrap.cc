#include "upscaler_wrap.h"

#include <algorithm>
#include <string>
#include <utility>

#include "exit_guard.h"
#include "observe_arguments.h"
#include "pinned_array.h"
#include "promise_task.h"
#include "upscaler_arguments.h"

namespace bdreader {

namespace {

/** The most that a Uint8Array holds. */
constexpr double kLargestOutput = 4294967295.0;

/** What the load thread hands to the constructor. */
struct LoadedParts {
    std::shared_ptr<Network> network;
    EngineOptions options;
    Napi::Function onEvent;
};

Napi::Object event(Napi::Env env, const char* type, uint32_t id) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("type", Napi::String::New(env, type));
    object.Set("id", Napi::Number::New(env, id));
    return object;
}

}  // namespace

Napi::Function UpscalerWrap::define(Napi::Env env) {
    return DefineClass(
        env, "NativeUpscaler",
        {InstanceMethod<&UpscalerWrap::submit>("submit"), InstanceMethod<&UpscalerWrap::cancel>("cancel"),
         InstanceMethod<&UpscalerWrap::prioritize>("prioritize"),
         InstanceMethod<&UpscalerWrap::close>("close"), InstanceMethod<&UpscalerWrap::memory>("memory"),
         InstanceMethod<&UpscalerWrap::createOutput>("createOutput"),
         InstanceMethod<&UpscalerWrap::releaseOutput>("releaseOutput"),
         InstanceMethod<&UpscalerWrap::timeNetwork>("timeNetwork"),
         InstanceMethod<&UpscalerWrap::observeBlobs>("observeBlobs")});
}

Napi::Value UpscalerWrap::load(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    if (info.Length() != 2 || !info[0].IsObject() || !info[1].IsFunction()) {
        throw Napi::TypeError::New(env, "expected load(options, onEvent)");
    }
    const LoadArguments arguments = parseLoadArguments(info[0].As<Napi::Object>());
    auto onEvent = std::make_shared<Napi::FunctionReference>(Napi::Persistent(info[1].As<Napi::Function>()));
    return PromiseTask<std::shared_ptr<Network>>::start(
        env, [arguments] { return std::make_shared<Network>(arguments.network); },
        [arguments, onEvent](Napi::Env settling, std::shared_ptr<Network>& network) -> Napi::Value {
            LoadedParts parts{std::move(network), arguments.engine, onEvent->Value()};
            const auto* constructor = settling.GetInstanceData<Napi::FunctionReference>();
            return constructor->New({Napi::External<LoadedParts>::New(settling, &parts)});
        });
}

UpscalerWrap::UpscalerWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<UpscalerWrap>(info) {
    const Napi::Env env = info.Env();
    if (info.Length() != 1 || !info[0].IsExternal()) {
        throw Napi::TypeError::New(env, "expected load() to be called, not the constructor");
    }
    LoadedParts& parts = *info[0].As<Napi::External<LoadedParts>>().Data();
    scale_ = parts.network->options().geometry.scale;
    events_ = Napi::ThreadSafeFunction::New(env, parts.onEvent, "bdreader:engine", 0, 1);
    events_.Unref(env);
    // Registered after the thread-safe function's own hook, so that it runs before that one closes.
    if (napi_add_env_cleanup_hook(env, stopAtOnce, this) != napi_ok) {
        throw Napi::Error::New(env, "expected the environment to take a clean-up hook, it is closing");
    }
    EngineListener& listener = *this;
    engine_ = std::make_unique<Engine>(std::move(parts.network), parts.options, listener);
    registerLiveEngine(engine_.get());
}

UpscalerWrap::~UpscalerWrap() {
    // Neither closed nor reached by the clean-up of the environment: the object was forgotten while idle.
    const bool isForgotten = !eventsClosed_;
    stopAtOnce(this);
    if (isForgotten) events_.Release();
    // Fails when the environment has run its hooks already; then there is nothing left to remove.
    static_cast<void>(napi_remove_env_cleanup_hook(Env(), stopAtOnce, this));
}

Napi::Value UpscalerWrap::submit(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    if (info.Length() != 1 || !info[0].IsObject())
        throw Napi::TypeError::New(env, "expected submit(options)");
    const SubmitArguments arguments = parseSubmitArguments(info[0].As<Napi::Object>(), scale_);
    const uint32_t id = arguments.job.id;
    if (pinned_.count(id) != 0)
        throw Napi::TypeError::New(env, "expected an unused id, received one at work");
    pinned_[id] = {Napi::Persistent(arguments.input), Napi::Persistent(arguments.output)};
    try {
        engine_->submit(arguments.job);
    } catch (const Failure& failure) {
        pinned_.erase(id);
        throw Napi::Error(env, toJsError(env, failure));
    }
    hold(env);
    return env.Undefined();
}

Napi::Value UpscalerWrap::cancel(const Napi::CallbackInfo& info) {
    if (info.Length() != 1 || !info[0].IsNumber())
        throw Napi::TypeError::New(info.Env(), "expected cancel(id)");
    engine_->cancel(info[0].As<Napi::Number>().Uint32Value());
    return info.Env().Undefined();
}

Napi::Value UpscalerWrap::close(const Napi::CallbackInfo& info) {
    if (!closing_) {
        closing_ = true;
        hold(info.Env());
        engine_->beginClose();
    }
    return info.Env().Undefined();
}

Napi::Value UpscalerWrap::prioritize(const Napi::CallbackInfo& info) {
    if (info.Length() != 2 || !info[0].IsNumber() || !info[1].IsNumber())
        throw Napi::TypeError::New(info.Env(), "expected prioritize(id, priority)");
    engine_->prioritize(info[0].As<Napi::Number>().Uint32Value(), info[1].As<Napi::Number>().Int32Value());
    return info.Env().Undefined();
}

Napi::Value UpscalerWrap::memory(const Napi::CallbackInfo& info) {
    MemoryUse use;
    if (const std::shared_ptr<Network> network = engine_->network()) use = network->memory();
    Napi::Object object = Napi::Object::New(info.Env());
    object.Set("budgetMb", use.budgetMb);
    object.Set("usedMb", use.usedMb);
    object.Set("heldMb", use.heldMb);
    object.Set("peakMb", use.peakMb);
    return object;
}

Napi::Value UpscalerWrap::createOutput(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const double bytes =
        info.Length() == 1 && info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : 0;
    if (!(bytes >= 1 && bytes <= kLargestOutput))
        throw Napi::TypeError::New(env, "expected createOutput(bytes)");
    const std::shared_ptr<Network> network = engine_->network();
    return network ? wrapPinnedOutput(env, network->pinnedOutputs(), static_cast<size_t>(bytes)) : env.Null();
}

Napi::Value UpscalerWrap::releaseOutput(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    if (info.Length() != 1 || !info[0].IsTypedArray())
        throw Napi::TypeError::New(env, "expected releaseOutput(array)");
    const Napi::ArrayBuffer buffer = info[0].As<Napi::TypedArray>().ArrayBuffer();
    for (const auto& [id, buffers] : pinned_) {
        const bool isInUse = buffers.output.Value().ArrayBuffer().StrictEquals(buffer);
        if (isInUse) throw Napi::TypeError::New(env, "expected an array whose job is finished");
    }
    // The finalizer of the buffer gives the memory back.
    const napi_status detached = napi_detach_arraybuffer(env, buffer);
    if (detached != napi_ok) throw Napi::TypeError::New(env, "expected an array of createOutput");
    return env.Undefined();
}

Napi::Value UpscalerWrap::timeNetwork(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    if (info.Length() != 3 || !info[0].IsNumber() || !info[1].IsNumber() || !info[2].IsNumber())
        throw Napi::TypeError::New(env, "expected timeNetwork(width, height, runs)");
    const Size size{info[0].As<Napi::Number>().Int32Value(), info[1].As<Napi::Number>().Int32Value()};
    const int runs = info[2].As<Napi::Number>().Int32Value();
    if (size.width < 1 || size.height < 1 || runs < 1)
        throw Napi::TypeError::New(env, "expected positive integers for width, height and runs");
    using Milliseconds = std::vector<double>;
    return PromiseTask<Milliseconds>::start(
        env,
        [network = engine_->network(), size, runs] {
            if (!network)
                throw Failure(FailureCode::kInternal, "expected an open engine, received a closed one");
            return network->timeNetwork(size, runs);
        },
        [](Napi::Env settling, Milliseconds& milliseconds) -> Napi::Value {
            Napi::Array list = Napi::Array::New(settling, milliseconds.size());
            for (uint32_t i = 0; i < milliseconds.size(); i++) list.Set(i, milliseconds[i]);
            return list;
        });
}

Napi::Value UpscalerWrap::observeBlobs(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    if (info.Length() != 1 || !info[0].IsObject())
        throw Napi::TypeError::New(env, "expected observeBlobs(options)");
    auto arguments = std::make_shared<ObserveArguments>(parseObserveArguments(info[0].As<Napi::Object>()));
    using Observed = std::vector<BlobStatistics>;
    return PromiseTask<Observed>::start(
        env,
        [network = engine_->network(), arguments] {
            if (!network)
                throw Failure(FailureCode::kInternal, "expected an open engine, received a closed one");
            return network->observeBlobs({arguments->pixels.data(), arguments->size}, arguments->queries,
                                         arguments->bins);
        },
        [](Napi::Env settling, Observed& observed) { return toJs(settling, observed); });
}

void UpscalerWrap::onTile(uint32_t id, const JobProgress& progress) {
    {
        const std::lock_guard<std::mutex> lock(eventMutex_);
        const auto [known, isFirst] = undelivered_.insert({id, progress});
        JobProgress& latest = known->second;
        const int finalRows = std::max(latest.finalRows, progress.finalRows);
        // Lanes may report in another order than they finished; smaller tiles begin anew with another total.
        if (progress.total != latest.total || progress.done > latest.done) latest = progress;
        latest.finalRows = finalRows;
        if (!isFirst) return;
    }
    emit([this, id](Napi::Env env, Napi::Function onEvent) {
        JobProgress latest;
        {
            const std::lock_guard<std::mutex> lock(eventMutex_);
            latest = undelivered_[id];
            undelivered_.erase(id);
        }
        Napi::Object object = event(env, "tile", id);
        object.Set("done", Napi::Number::New(env, latest.done));
        object.Set("total", Napi::Number::New(env, latest.total));
        object.Set("finalRows", Napi::Number::New(env, latest.finalRows));
        onEvent.Call({object});
    });
}

void UpscalerWrap::onFinished(uint32_t id, JobOutcome outcome) {
    emit([this, id, shared = std::make_shared<JobOutcome>(std::move(outcome))](Napi::Env env,
                                                                               Napi::Function onEvent) {
        pinned_.erase(id);
        letGo(env);
        Napi::Object object = event(env, shared->failure ? "failed" : "finished", id);
        if (shared->failure) {
            object.Set("error", toJsError(env, *shared->failure));
        } else {
            object.Set("tile", Napi::Number::New(env, shared->tile));
        }
        onEvent.Call({object});
    });
}

void UpscalerWrap::onClosed() {
    emit([this](Napi::Env env, Napi::Function onEvent) {
        finishClose(env);
        onEvent.Call({event(env, "closed", 0)});
    });
}

void UpscalerWrap::finishClose(Napi::Env env) {
    engine_->join();
    letGo(env);
    const std::lock_guard<std::mutex> lock(eventMutex_);
    if (eventsClosed_) return;
    eventsClosed_ = true;
    events_.Release();
}

template <typename Deliver>
void UpscalerWrap::emit(Deliver deliver) {
    const std::lock_guard<std::mutex> lock(eventMutex_);
    if (eventsClosed_) return;
    // After it has said napi_closing once, the function must not be used again by any thread.
    if (events_.NonBlockingCall(std::move(deliver)) == napi_closing) eventsClosed_ = true;
}

void UpscalerWrap::hold(Napi::Env env) {
    if (holds_++ > 0) return;
    Ref();
    events_.Ref(env);
}

void UpscalerWrap::letGo(Napi::Env env) {
    if (--holds_ > 0) return;
    events_.Unref(env);
    Unref();
}

void UpscalerWrap::stopAtOnce(void* data) {
    auto* self = static_cast<UpscalerWrap*>(data);
    if (!self->engine_) return;
    {
        const std::lock_guard<std::mutex> lock(self->eventMutex_);
        self->eventsClosed_ = true;
    }
    unregisterLiveEngine(self->engine_.get());
    self->engine_.reset();
}

}  // namespace bdreader
