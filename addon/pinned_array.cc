#include "pinned_array.h"

#include <cstdint>

namespace bdreader {

namespace {

/** Keeps the memory's owner until JavaScript has let go of it. */
struct Holder {
    std::shared_ptr<PinnedOutputs> outputs;
    uint8_t* data;
};

void release(napi_env, void*, void* hint) {
    const std::unique_ptr<Holder> holder(static_cast<Holder*>(hint));
    holder->outputs->release(holder->data);
}

}  // namespace

Napi::Value wrapPinnedOutput(Napi::Env env, const std::shared_ptr<PinnedOutputs>& outputs, size_t bytes) {
    if (!outputs) return env.Null();
    uint8_t* data = outputs->allocate(bytes);
    if (!data) return env.Null();
    auto holder = std::make_unique<Holder>(Holder{outputs, data});
    napi_value buffer = nullptr;
    // Not through Napi::ArrayBuffer, which takes a refusal, as Electron gives it, for a fault.
    if (napi_create_external_arraybuffer(env, data, bytes, release, holder.get(), &buffer) != napi_ok) {
        outputs->release(data);
        return env.Null();
    }
    // From here on the finalizer owns it.
    static_cast<void>(holder.release());
    return Napi::Uint8Array::New(env, bytes, Napi::ArrayBuffer(env, buffer), 0);
}

}  // namespace bdreader
