#pragma once

#include <napi.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "engine.h"

namespace bdreader {

/**
 * The JavaScript face of an Engine: `submit`, `prioritize`, `cancel`, `close`, what it measures, and events.
 * Everything runs on the JavaScript thread except the listener's functions, which the engine's lanes call.
 *
 * Events are objects {type: "tile", id, done, total}, {type: "finished", id, tile}, {type: "failed", id,
 * error} and {type: "closed"}, given to the function that `load` was called with.
 */
class UpscalerWrap : public Napi::ObjectWrap<UpscalerWrap>, private EngineListener {
  public:
    /** load(options, onEvent): Promise of an Upscaler. Loads on a thread of its own. */
    static Napi::Value load(const Napi::CallbackInfo& info);

    /** @return the class; JavaScript gets instances from load only. */
    static Napi::Function define(Napi::Env env);

    explicit UpscalerWrap(const Napi::CallbackInfo& info);
    ~UpscalerWrap() override;

  private:
    /** The job's buffers, kept from the garbage collector until it is finished. */
    struct PinnedBuffers {
        Napi::Reference<Napi::Uint8Array> input;
        Napi::Reference<Napi::Uint8Array> output;
    };

    Napi::Value submit(const Napi::CallbackInfo& info);
    Napi::Value cancel(const Napi::CallbackInfo& info);
    Napi::Value close(const Napi::CallbackInfo& info);
    Napi::Value prioritize(const Napi::CallbackInfo& info);
    Napi::Value memory(const Napi::CallbackInfo& info);
    Napi::Value createOutput(const Napi::CallbackInfo& info);
    Napi::Value releaseOutput(const Napi::CallbackInfo& info);
    Napi::Value timeNetwork(const Napi::CallbackInfo& info);
    Napi::Value observeBlobs(const Napi::CallbackInfo& info);

    void onTile(uint32_t id, const JobProgress& progress) override;
    void onFinished(uint32_t id, JobOutcome outcome) override;
    void onClosed() override;

    template <typename Deliver>
    void emit(Deliver deliver);
    void hold(Napi::Env env);
    void letGo(Napi::Env env);
    void finishClose(Napi::Env env);
    /** Ends the lanes without any further event. Takes an UpscalerWrap*, as a clean-up hook does. */
    static void stopAtOnce(void* data);

    int scale_ = 1;
    std::unique_ptr<Engine> engine_;
    std::map<uint32_t, PinnedBuffers> pinned_;
    int holds_ = 0;
    bool closing_ = false;

    std::mutex eventMutex_;
    Napi::ThreadSafeFunction events_;
    bool eventsClosed_ = false;
    /** The latest of each job whose tile event was not delivered yet: a slow JavaScript thread gets fewer
     * events, not a longer queue. */
    std::map<uint32_t, JobProgress> undelivered_;
};

}  // namespace bdreader
